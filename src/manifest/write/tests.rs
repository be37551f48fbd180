use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn id(number: usize) -> AssetId {
    AssetId::from_uuid(Uuid::from_u128(number as u128 + 1))
}

fn proposed(number: usize, name: &str, folder: &str) -> Proposed {
    Proposed {
        id: id(number),
        kind: Kind::File,
        name: Some(name.into()),
        filesize: Some(100),
        contents: None,
        folder: folder.into(),
    }
}

fn section(assets: Vec<Proposed>) -> Section {
    Section {
        title: "\"The Long Tide/dailies\" --older-than 90d".to_owned(),
        assets,
        fields: Fields {
            reason: Some("Show wrapped: \"final\"".to_owned()),
            ticket: Some("POST-1".to_owned()),
            owner: Some("ada@studio.example".to_owned()),
            not_before: "2026-12-10".parse().ok(),
        },
    }
}

fn two() -> Section {
    section(vec![
        proposed(1, "A001.mov", "Tide/dailies"),
        proposed(2, "A002.mov", "Tide/dailies"),
    ])
}

fn ids(text: &str) -> Vec<AssetId> {
    let said = parse("retire.yaml", text).unwrap();
    said.entries.iter().map(|entry| entry.id).collect()
}

#[test]
fn a_new_manifest_groups_its_entries_by_folder() {
    let mut assets = two().assets;
    assets.push(proposed(
        3,
        "a: \"b\" # \u{202e}c\n\u{1f3ac}",
        "Tide/x\n- id",
    ));
    let written = whole(
        Some("5f0c0000-0000-4000-8000-000000000001"),
        &section(assets),
    )
    .unwrap();
    insta::assert_snapshot!(written.text);
    assert_eq!(written.new.len(), 3);
    let said = parse("retire.yaml", &written.text).unwrap();
    let details = said.entries[2].details.as_ref().unwrap();
    let name = details.pin.as_ref().unwrap().name.as_deref();
    assert_eq!(name, Some("a: \"b\" # \u{202e}c\n\u{1f3ac}"));
    let nothing = whole(None, &section(Vec::new())).unwrap();
    insta::assert_snapshot!(nothing.text);
}

#[test]
fn what_people_added_stays_and_the_rest_follows_what_is_found() {
    let written = whole(None, &two()).unwrap().text;
    let edited = written
        .replace(
            "  kind: file\n    pin: {name: \"A001.mov\"",
            "  kind: file  # checked\n    pin: {name: \"A001.mov\"",
        )
        .replace(
            "  - id: 00000000-0000-0000-0000-000000000003",
            "  # ask Bo\n  - id: 00000000-0000-0000-0000-000000000003",
        )
        .replace(
            "owner: \"ada@studio.example\"\n    not_before: 2026-12-10\n  # ask",
            "owner: bo@studio.example\n    not_before: 2027-12-10\n  # ask",
        )
        + "  # by hand\n  - 00000000-0000-0000-0000-000000000064\n\nholds:\n  - {id: 00000000-0000-0000-0000-0000000000ff, reason: legal}\n";
    let mut next = two();
    next.assets[0].filesize = Some(7);
    next.assets[1].folder = "Tide/b".into();
    next.assets.push(proposed(4, "new", "Tide/b"));
    next.assets.push(proposed(0x63, "there already", "Tide/b"));
    next.fields.reason = None;
    let updated = update("retire.yaml", &edited, &next).unwrap();
    insta::assert_snapshot!(updated.text);
    assert_eq!((updated.new, updated.changed), (vec![id(4)], vec![id(1)]));
    assert_eq!(updated.elsewhere, [id(0x63)]);
    let again = update("retire.yaml", &updated.text, &next).unwrap();
    assert_eq!(again.text, updated.text);
    assert!(again.new.is_empty() && again.gone.is_empty() && again.changed.is_empty());
    let none = update("retire.yaml", &updated.text, &section(Vec::new())).unwrap();
    assert_eq!(none.gone.len(), 3);
    assert_eq!(none.gone[0], (id(1), Some("A001.mov".into())));
    assert_eq!(ids(&none.text), [id(0x63)]);
}

#[test]
fn a_section_goes_into_any_usual_layout_and_other_sections_stay() {
    let own = "00000000-0000-0000-0000-000000000064";
    for text in [
        "version: 1\nassets: []\n".to_owned(),
        "version: 1\nassets: []  # none\nholds: []\n".to_owned(),
        "version: 1\r\nassets:\r\n- x\r\nholds: []\r\n".replace('x', own),
        format!("version: 1\nassets:\n    - {own}\n    # last\nholds: []\n"),
        format!("version: 1\nassets: # all\n  - id: {own}\n    reason: |\n      a\n\n      # b\n"),
        "version: 1\nholds: []\n".to_owned(),
        format!("version: 1\nassets:\n  - {own}"),
    ] {
        let written = update("retire.yaml", &text, &two()).unwrap();
        let mut expected = vec![id(1), id(2)];
        if text.contains(own) {
            expected.push(id(0x63));
        }
        assert_eq!(ids(&written.text), expected, "{text}");
        let other = Section {
            title: "rule \"x\"".to_owned(),
            ..section(vec![proposed(9, "x", "y"), proposed(1, "x", "y")])
        };
        let both = update("retire.yaml", &written.text, &other).unwrap();
        assert_eq!(both.elsewhere, [id(1)]);
        assert_eq!(titles(&both.text), [&*two().title, "rule \"x\""]);
        let back = update("retire.yaml", &both.text, &two()).unwrap();
        assert_eq!(back.text, both.text, "{text}");
        let empty = update("retire.yaml", &both.text, &section(Vec::new())).unwrap();
        assert_eq!(empty.gone.len(), 2);
        let none = Section {
            assets: Vec::new(),
            ..other
        };
        let none = update("retire.yaml", &empty.text, &none).unwrap();
        assert_eq!(ids(&none.text), &expected[2..]);
        let again = update("retire.yaml", &none.text, &two()).unwrap();
        assert_eq!(ids(&again.text), expected);
    }
    for text in [
        format!("version: 1\nassets: [{own}]\n"),
        format!("{{\"version\": 1, \"assets\": [\"{own}\"]}}\n"),
        format!("version: 1\n\"assets\":\n  - {own}\n"),
    ] {
        assert_eq!(
            update("retire.yaml", &text, &two()),
            Err(WriteError::Layout),
            "{text}"
        );
    }
    let wrong = update("retire.yaml", "version: 2\nassets: []\n", &two());
    assert!(matches!(wrong, Err(WriteError::Findings(_))));
}

#[test]
fn an_entry_outside_the_end_of_a_section_is_of_whoever_wrote_it() {
    let written = whole(None, &two()).unwrap().text;
    let own = "00000000-0000-0000-0000-000000000064";
    let added = format!("{written}  - {own}\n");
    let none = update("retire.yaml", &added, &section(Vec::new())).unwrap();
    assert_eq!(ids(&none.text), [id(0x63)]);
    // Without its end it goes to the end of the list.
    let open = added.replace("  # end of retire find\n", "");
    let none = update("retire.yaml", &open, &section(Vec::new())).unwrap();
    assert_eq!(ids(&none.text), []);
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,8}",
        any::<String>(),
        prop::sample::select(vec![
            "# end of retire find",
            "a\n  - id: x",
            "\" # x",
            "\\",
            "\\\"",
            "# in \"",
            "\u{85}\u{2028}\r",
            "\u{fffe}\u{e0001}",
            "",
            " ",
            "{}: [] &a *b !c %d",
            "- ",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn the_ids_of_what_is_written_are_those_that_were_found(
        assets in prop::collection::vec((texts(), texts(), any::<Option<u64>>(), 0..3_u8), 0..12),
        more in prop::collection::vec((texts(), texts(), any::<Option<u64>>(), 0..3_u8), 0..12),
        reason in prop::option::of("[^ ].*"),
    ) {
        let section = |assets: &[(String, String, Option<u64>, u8)], from: usize| {
            let assets = assets.iter().enumerate().map(|(number, (name, folder, size, kind))| Proposed {
                id: id(number + from),
                kind: Kind::ALL[usize::from(*kind)],
                name: Some(name.as_str().into()),
                filesize: *size,
                contents: (*kind > 0).then_some(number),
                folder: folder.as_str().into(),
            });
            Section {
                title: title(&format!("x {}", reason.as_deref().unwrap_or_default())),
                assets: assets.collect(),
                fields: Fields { reason: reason.clone().filter(|text| !text.trim().is_empty()), ..Fields::default() },
            }
        };
        let first = section(&assets, 0);
        let written = whole(None, &first).unwrap();
        let wanted = |section: &Section| section.assets.iter().map(|asset| asset.id).collect::<Vec<_>>();
        prop_assert_eq!(ids(&written.text), wanted(&first));
        prop_assert!(written.text.chars().all(|letter| letter == '\n' || !obeyed(letter)));
        let second = section(&more, 3);
        let updated = update("retire.yaml", &written.text, &second).unwrap();
        prop_assert_eq!(ids(&updated.text), wanted(&second));
        let again = update("retire.yaml", &updated.text, &second).unwrap();
        prop_assert_eq!(&again.text, &updated.text);
        let back = update("retire.yaml", &updated.text, &first).unwrap();
        prop_assert_eq!(ids(&back.text), wanted(&first));
        let said = parse("retire.yaml", &updated.text).unwrap();
        for (asset, entry) in second.assets.iter().zip(&said.entries) {
            let pin = entry.details.as_ref().and_then(|details| details.pin.as_ref());
            let name = pin.and_then(|pin| pin.name.as_deref());
            let name = name.filter(|_| updated.new.contains(&asset.id));
            let new = asset.name.as_deref().filter(|_| updated.new.contains(&asset.id));
            prop_assert_eq!(name, new.filter(|name| !name.trim().is_empty()));
        }
        let said = parse("retire.yaml", &written.text).unwrap();
        for (asset, entry) in first.assets.iter().zip(&said.entries) {
            let pin = entry.details.as_ref().and_then(|details| details.pin.as_ref());
            let name = pin.and_then(|pin| pin.name.as_deref());
            prop_assert_eq!(name, asset.name.as_deref().filter(|name| !name.trim().is_empty()));
        }
    }
}
