//! What aliases repeat counts as if it were written again.

use std::fmt::Write;

use super::*;

#[test]
fn what_aliases_repeat_is_no_larger_than_a_document_may_be() {
    let long = "r".repeat(200_000);
    for field in ["reason: &r", "reason: &r !x"] {
        let mut text = format!("version: 1\nassets:\n- {{id: {A}, {field} {long}}}\n");
        for number in 1..=500_u32 {
            writeln!(
                text,
                "- {{id: {}, reason: *r}}",
                uuid::Uuid::from_u128(number.into())
            )
            .unwrap();
        }
        let findings = read(&[source(&text)]).unwrap_err();
        assert_eq!(findings[0].code, "too-large");
    }
    let reason = "a reason of some length that many entries share and no more than that";
    let mut text = format!("version: 1\nassets:\n- {{id: {A}, reason: &r {reason}}}\n");
    for number in 1..=20_000_u32 {
        writeln!(
            text,
            "- {{id: {}, reason: *r}}",
            uuid::Uuid::from_u128(number.into())
        )
        .unwrap();
    }
    assert_eq!(read(&[source(&text)]).unwrap().entries.len(), 20_001);
}
