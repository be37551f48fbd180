//! Whatever a server answers, each asset that was sent has one outcome at most, and nothing is
//! retired but by an answer that says so.
#![no_main]

use std::collections::HashSet;

use frameio_retire::asset::AssetId;
use frameio_retire::frameio::v2::answer::{is_ended, judge_delete, judge_read, judge_me};
use frameio_retire::frameio::verdict::{Deletion, Verdict};
use frameio_retire::frameio::{Body, Reply};
use frameio_retire::outcome::Outcome;
use libfuzzer_sys::fuzz_target;
use uuid::Uuid;

fuzz_target!(|bytes: &[u8]| {
    let [first, second, body @ ..] = bytes else {
        return;
    };
    // Mostly the status that means most.
    let status = if *first < 128 {
        200
    } else {
        100 + (u16::from(*first) * 7 + u16::from(*second)) % 500
    };
    let reply = Reply::Answered {
        status,
        wait: None,
        limits: None,
        date: None,
        pages: None,
        body: if second % 8 == 7 {
            Body::Cut {
                detail: "cut".to_owned(),
            }
        } else {
            Body::Whole(body.to_vec())
        },
    };
    let sent: Vec<AssetId> = (1..=u128::from(second % 4) + 1)
        .map(|number| AssetId::from_uuid(Uuid::from_u128(number)))
        .collect();
    if let Verdict::Told(Deletion::Settled { outcomes, doubtful }) = judge_delete(&sent, &reply) {
        let told = outcomes.iter().map(|(id, _)| *id);
        let ids: HashSet<AssetId> = told.chain(doubtful.iter().map(|(id, _)| *id)).collect();
        let all = outcomes.len() + doubtful.len();
        assert_eq!(ids.len(), all, "no asset has two outcomes");
        assert!(ids.iter().all(|id| sent.contains(id)), "only what was sent");
        for (_, outcome) in &outcomes {
            let whole = matches!(
                reply,
                Reply::Answered {
                    body: Body::Whole(_),
                    ..
                }
            );
            let retired = matches!(outcome, Outcome::Retired(_));
            assert!(
                !retired || (whole && (200..300).contains(&status)),
                "{status}"
            );
        }
    }
    drop(judge_read(sent[0], &reply));
    let _ended: bool = is_ended(&reply);
    drop(judge_me(&reply));
});
