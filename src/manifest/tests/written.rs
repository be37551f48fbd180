//! What people and their editors write besides the usual.

use super::*;

#[test]
fn what_editors_and_people_add_is_taken() {
    let plain = apart(&format!("version: 1\nassets: [{A}]\n")).unwrap();
    for text in [
        format!("\u{feff}version: 1\nassets: [{A}]\n"),
        format!("version: 1\nassets: [{A}]\n---\n"),
        format!("---\nversion: 1\nassets: [{A}]\n---\n# end\n"),
        format!("version: 1\nassets: [{A}]\n$schema: x\n"),
        format!("version: 1\nassets: ['{{{A}}}']\n"),
    ] {
        let said = apart(&text).unwrap();
        assert_eq!(said.entries.len(), 1, "{text}");
        assert_eq!(said.entries[0].id, plain.entries[0].id, "{text}");
        assert_eq!(said.entries[0].details, None, "{text}");
    }
}

#[test]
fn the_project_of_an_address_is_a_pin() {
    let address = format!("https://next.frame.io/project/{B}/view/{A}");
    for item in [
        address.clone(),
        format!("{{id: '{address}', pin: {{project: {B}}}}}"),
        format!("{{id: '{address}'}}"),
    ] {
        let said = apart(&format!("version: 1\nassets:\n- {item}\n")).unwrap();
        assert_eq!(said.entries[0].id.to_string(), A);
        let details = said.entries[0].details.as_deref().unwrap();
        let project = details.pin.as_ref().unwrap().project;
        assert_eq!(project.unwrap().to_string(), B, "{item}");
    }
    let held = format!("version: 1\nholds:\n- {{id: '{address}', reason: x}}\n");
    assert_eq!(apart(&held).unwrap().holds[0].id.to_string(), A);
}

#[test]
fn a_number_is_no_text_however_it_begins() {
    let of = |ticket: &str| format!("version: 1\nassets:\n- {{id: {A}, ticket: {ticket}}}\n");
    for number in ["0123", "00", "-07", "+0123", "123", "1.5"] {
        let text = of(number);
        for read in [apart, whole] {
            let findings = read(&text).unwrap_err();
            assert_eq!(findings[0].code, "wrong-type", "{number}");
            assert!(findings[0].message.contains("a number"), "{findings:?}");
        }
    }
    for told in ["'0123'", "\"0123\"", "0123-a", "LEGAL-90", "!!str 0123"] {
        let text = of(told);
        let (apart, whole) = (apart(&text), whole(&text));
        assert_eq!(apart.is_ok(), whole.is_ok(), "{told}");
        if !told.starts_with('!') {
            assert!(apart.is_ok(), "{told}");
        }
    }
}
