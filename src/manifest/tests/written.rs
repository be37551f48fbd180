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
