//! What a document says of all that it lists, and words of which there are few.

use super::{A, B, apart, whole};
use crate::manifest::document::{Entry, Strategy};

#[test]
fn defaults_hold_for_their_own_document_only() {
    let text = format!(
        "version: 1\nassets: [{A}]\ndefaults: {{reason: all, not_before: 2030-01-01}}\n---\nversion: 1\nassets: [{B}]\n"
    );
    let said = apart(&text).unwrap();
    let details = said.entries[0].details.as_ref().unwrap();
    assert_eq!(details.reason.as_deref(), Some("all"));
    assert!(details.not_before.is_some());
    assert_eq!(said.entries[1].details, None);
}

#[test]
fn a_wrong_kind_is_told_with_the_right_one() {
    for (kind, hint) in [
        ("versionstack", "did you mean `version_stack`?"),
        ("bundle", "the kinds are `file`, `folder`, `version_stack`"),
    ] {
        let text = format!("version: 1\nassets:\n- id: {A}\n  kind: {kind}\n");
        let findings = apart(&text).unwrap_err();
        assert_eq!(findings[0].code, "unknown-kind");
        assert_eq!(findings[0].place.to_string(), "m.yaml:4:9");
        assert_eq!(findings[0].hint.as_deref(), Some(hint));
    }
}

#[test]
fn a_strategy_holds_for_its_document_and_a_wrong_one_is_told() {
    let text = format!(
        "version: 1\nassets: [{A}]\ndefaults: {{strategy: staged}}\n---\nversion: 1\nassets: [{B}]\n"
    );
    let said = whole(&text).unwrap();
    let strategies = said.entries.iter().map(Entry::strategy);
    let expected = [Some(Strategy::Staged), None];
    assert_eq!(strategies.collect::<Vec<_>>(), expected);
    for (strategy, hint) in [
        ("stage", "did you mean `staged`?"),
        ("trash", "the strategies are `direct`, `staged`, `auto`"),
    ] {
        let text = format!("version: 1\nassets: [{A}]\ndefaults: {{strategy: {strategy}}}\n");
        let findings = apart(&text).unwrap_err();
        assert_eq!(findings[0].code, "unknown-strategy");
        assert_eq!(findings[0].place.to_string(), "m.yaml:3:22");
        assert_eq!(findings[0].hint.as_deref(), Some(hint));
    }
}
