use super::*;
use crate::inventory::Facts;
use crate::probe::{
    Assumption, BadId, Cascade, Lines, MoveAnswer, Restore, RestoreFolder, SameName, Taken, YesNo,
};
use model::{Model, id, refusal};

mod model;

fn observed(findings: &Findings, assumption: Assumption) -> String {
    let observed = findings.observed(assumption);
    observed.unwrap_or_else(|| "unclear".to_owned())
}

#[test]
fn a_server_of_the_harsher_readings_is_as_expected() {
    let mut model = Model::harsher();
    let (findings, ended) = model.probe();
    assert_eq!(ended, Ended::Whole);
    for assumption in Assumption::ALL {
        let observed = observed(&findings, assumption);
        assert_eq!(observed, assumption.expected(), "{assumption:?}");
    }
    assert!(
        model.changes <= crate::render::probe::changes(),
        "{}",
        model.changes
    );
}

#[test]
fn each_other_reading_is_told_whatever_the_rest_is() {
    type Switch = (Assumption, &'static str, fn(&mut Model));
    let switches: [Switch; 17] = [
        (Assumption::BulkMoveBadId, "partial", |model| {
            model.bad = BadId::Partial;
        }),
        (Assumption::BulkMoveAnswer, "short", |model| {
            model.answer = MoveAnswer::Short;
        }),
        (Assumption::MoveAlreadyThere, "ok", |model| {
            model.there = Taken::Ok;
        }),
        (Assumption::MoveKeepsId, "no", |model| {
            model.keeps = YesNo::No;
        }),
        (Assumption::DeleteTwice, "204", |model| {
            model.twice = 204;
        }),
        (Assumption::DeleteTwice, "410", |model| {
            model.twice = 410;
        }),
        (Assumption::FolderDeleteCascade, "at-once", |model| {
            model.cascade = 0;
        }),
        (Assumption::FolderDeleteCascade, "not-seen", |model| {
            model.cascade = 1000;
        }),
        (Assumption::RecentlyDeleted, "descendants", |model| {
            model.lines = Lines::Descendants;
        }),
        (Assumption::RestoreFile, "no", |model| {
            model.restores[0] = Restore::No;
        }),
        (Assumption::RestoreFile, "unsupported", |model| {
            model.restores[0] = Restore::Unsupported;
        }),
        (Assumption::RestoreFolder, "complete", |model| {
            model.slow = 0;
        }),
        (Assumption::RestoreFolder, "unsupported", |model| {
            model.restores[1] = Restore::Unsupported;
        }),
        (Assumption::RestoreStack, "no", |model| {
            model.restores[2] = Restore::No;
        }),
        (Assumption::RestoreStack, "unsupported", |model| {
            model.restores[2] = Restore::Unsupported;
        }),
        (Assumption::NotFoundDeleted, "422", |model| {
            model.gone = 422;
        }),
        (Assumption::SameName, "refused", |model| {
            model.same = SameName::Refused;
        }),
    ];
    for (number, (assumption, word, set)) in switches.iter().enumerate() {
        let mut model = Model::harsher();
        set(&mut model);
        let (findings, ended) = model.probe();
        assert_eq!(ended, Ended::Whole);
        assert_eq!(observed(&findings, *assumption), *word, "{assumption:?}");
        // Together with each other one.
        for (other, of_other, set_other) in &switches[..number] {
            let mut model = Model::harsher();
            set(&mut model);
            set_other(&mut model);
            let (findings, _) = model.probe();
            let depends = *other == *assumption
                || hides((*other, of_other), *assumption)
                || hides((*assumption, word), *other);
            if !depends {
                assert_eq!(
                    observed(&findings, *assumption),
                    *word,
                    "{other:?} {of_other}"
                );
                assert_eq!(
                    observed(&findings, *other),
                    *of_other,
                    "{assumption:?} {word}"
                );
            }
        }
    }
}

/// Whether one reading leaves nothing to see of another assumption.
fn hides((one, word): (Assumption, &str), other: Assumption) -> bool {
    match (one, word) {
        // No stack is made in what might not be deleted with its folder.
        // What has not gone is not listed and does not come back.
        (Assumption::FolderDeleteCascade, "not-seen") => matches!(
            other,
            Assumption::RestoreStack | Assumption::RestoreFolder | Assumption::RecentlyDeleted
        ),
        // What moves is another file afterwards.
        (Assumption::MoveKeepsId, "no") => matches!(
            other,
            Assumption::BulkMoveAnswer
                | Assumption::BulkMoveBadId
                | Assumption::MoveAlreadyThere
                | Assumption::SameName
        ),
        _ => false,
    }
}

/// What moves is another file afterwards, so that nothing else is known of moves, whatever the server
/// answers.
#[test]
fn a_server_that_gives_moved_files_other_ids_says_nothing_else_of_moves() {
    for (bad, says_nothing) in [
        (BadId::Whole, true),
        (BadId::Partial, true),
        (BadId::Whole, false),
    ] {
        let mut model = Model::harsher();
        (model.keeps, model.bad) = (YesNo::No, bad);
        model.says_nothing = says_nothing;
        let (findings, _) = model.probe();
        assert_eq!(findings.move_keeps_id, Some(YesNo::No));
        for assumption in [
            Assumption::BulkMoveBadId,
            Assumption::BulkMoveAnswer,
            Assumption::MoveAlreadyThere,
            Assumption::SameName,
        ] {
            assert_eq!(observed(&findings, assumption), "unclear", "{assumption:?}");
        }
    }
}

#[test]
fn a_stack_that_comes_back_with_its_folder_comes_back() {
    for late in [0, 1, 3] {
        let mut model = Model::harsher();
        model.late_stack = Some(late + 1);
        let (findings, _) = model.probe();
        assert_eq!(findings.restore_stack, Some(Restore::Yes), "{late}");
    }
}

#[test]
fn what_was_not_seen_to_go_shows_nothing_by_being_there() {
    let mut model = Model::harsher();
    model.keeps_file = true;
    let (findings, _) = model.probe();
    assert_eq!(findings.not_found_deleted, None);
    assert_eq!(findings.restore_file, None);
    let mut model = Model::harsher();
    (model.cascade, model.slow) = (1000, 0);
    let (findings, _) = model.probe();
    assert_eq!(findings.folder_delete_cascade, Some(Cascade::NotSeen));
    assert_eq!(findings.restore_folder, None);
    assert_eq!(findings.recently_deleted, None);
    assert!(!findings.lacking_to_bring_back().is_empty());
}

#[test]
fn what_is_waited_for_before_leaves_time_for_what_is_in_a_deleted_folder() {
    let mut model = Model::harsher();
    (model.loses_file, model.cascade) = (true, 1000);
    let (findings, _) = model.probe();
    assert_eq!(findings.restore_file, Some(Restore::No));
    assert_eq!(findings.folder_delete_cascade, Some(Cascade::NotSeen));
}

#[test]
fn a_single_403_shows_nothing() {
    let (whole, _) = Model::harsher().probe();
    for number in 1..20 {
        let mut model = Model::harsher();
        (model.hiccup, model.cascade) = (Some(number), 2);
        let (findings, _) = model.probe();
        for assumption in Assumption::ALL {
            let seen = observed(&findings, assumption);
            let is_told = seen == "unclear" || seen == observed(&whole, assumption);
            assert!(is_told, "{number}: {assumption:?} {seen}");
        }
    }
    // A server that always says so of what is deleted is another thing.
    let mut model = Model::harsher();
    model.gone = 403;
    let (findings, _) = model.probe();
    assert_eq!(findings.not_found_deleted, Some(403));
    assert_eq!(findings.folder_delete_cascade, Some(Cascade::Delayed));
    assert_eq!(findings.restore_folder, Some(RestoreFolder::Slow));
}

#[test]
fn what_cannot_be_made_ends_it_and_a_stop_stops_it() {
    let begin = || Script::new(Mark("m".to_owned()), ("top", id(2)), id(3));
    let mut script = begin();
    script.hear(Heard::Changed(Ok(Err(refusal(403)))));
    assert_eq!(script.ask(), None);
    let (findings, ended) = script.into_end();
    assert_eq!(ended, Ended::Early("status 403".to_owned()));
    assert_eq!(findings, Findings::default());
    let mut script = begin();
    let detail = "closed".to_owned();
    script.hear(Heard::Changed(Err(Unmade::Unknown { detail })));
    assert_eq!(script.ask(), None, "nothing is made twice");
    let mut script = begin();
    let reason = StopReason::Signal { number: 2 };
    script.hear(Heard::Changed(Err(Unmade::Stop(reason.clone()))));
    assert_eq!(script.ask(), None);
    assert_eq!(script.into_end().1, Ended::Stopped(reason));
}

#[test]
fn something_foreign_in_a_folder_ends_it_before_the_delete() {
    // In the first folder, or in the second one.
    for (looks, kind) in [
        (0, Kind::File),
        (1, Kind::File),
        (1, Kind::VersionStack),
        (1, Kind::Folder),
    ] {
        let mut model = Model::harsher();
        let mut script = Script::new(Mark("m".to_owned()), ("top", id(2)), id(3));
        let mut looked = 0;
        while let Some(ask) = script.ask() {
            let heard = match ask {
                Ask::Make(_, change) | Ask::Change(change) => {
                    let deletes = matches!(change, Change::DeleteFolder(_));
                    assert!(!deletes || looked <= looks, "{change:?}");
                    Heard::Changed(Ok(model.change(change)))
                }
                Ask::Read(_, id) => Heard::Read(Ok(model.read(id))),
                Ask::List(folder) => Heard::Listed(Ok(model.list(folder))),
                Ask::LookInto(folder) => {
                    let mut inside = model.look_into(folder).unwrap();
                    if looked == looks {
                        let Changed::Created(made) = model.make(kind, folder, &"mine".into())
                        else {
                            panic!("it was not made");
                        };
                        let facts = Facts::of_kind(kind);
                        inside.shown.push(Shown {
                            id: made.id,
                            facts,
                            project: None,
                        });
                        // A folder is nobody's own there, whatever is said of it.
                        if kind != Kind::Folder {
                            inside.foreign.push(made.id);
                        }
                    }
                    looked += 1;
                    Heard::LookedInto(Ok(Some(inside)))
                }
                Ask::Lines(_) => Heard::Lines(Ok(Deleted::default())),
                Ask::Wait(_) => Heard::Waited,
            };
            script.hear(heard);
        }
        assert_eq!(looked, looks + 1, "{kind:?}");
        assert!(matches!(script.into_end().1, Ended::Early(_)));
    }
}
