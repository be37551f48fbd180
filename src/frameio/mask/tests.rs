use proptest::prelude::*;

use super::*;

fn hiding(secrets: &[&str]) -> Secrets {
    let kept = Secrets::default();
    for secret in secrets {
        kept.keep(secret);
    }
    kept
}

fn body(secrets: &Secrets, text: &str) -> String {
    String::from_utf8(secrets.body(text.as_bytes().to_vec())).unwrap()
}

const TOKEN: &str = "fio-u-Se/cr+et==";

#[test]
fn a_secret_is_masked_in_each_of_its_forms() {
    let secrets = hiding(&[TOKEN, "client&secret"]);
    for (text, masked) in [
        ("Bearer fio-u-Se/cr+et==.", "Bearer ***."),
        (r#"{"a":"fio-u-Se\/cr+et=="}"#, r#"{"a":"***"}"#),
        (r#"{"a":"\u0066io-u-Se/cr+et=="}"#, r#"{"a":"***"}"#),
        (r#"{"a":"fio-u-Se/cr+et\u003D="}"#, r#"{"a":"***"}"#),
        ("x?t=fio-u-Se%2Fcr%2bet%3D%3D&y", "x?t=***&y"),
        // Escapes within escapes.
        ("t=fio-u-Se%252Fcr%2Bet%3D%3D", "t=***"),
        (
            r#"{"a":"\u0025\u0036\u0036io-u-Se/cr+et=="}"#,
            r#"{"a":"***"}"#,
        ),
        ("client%26secret client&secret", "*** ***"),
        ("client&amp;secret client&#38;secret", "*** ***"),
        (
            "client&#x26;secret&lt; &#99;lient&amp;secret",
            "***&lt; ***",
        ),
        ("t=fio-u-Se&#x2f;cr&#43;et&#61;&#061;.", "t=***."),
        ("66696f2d752d53652f63722b65743d3d", "***"),
        ("66696F2D752D53652F63722B65743D3D", "***"),
        ("fio-u-Se/cr+et=", "fio-u-Se/cr+et="),
    ] {
        assert_eq!(body(&secrets, text), masked, "{text}");
    }
    // `Bearer fio-u-Se/cr+et==`, `:fio-…` and `a:fio-…` in Base64.
    for text in [
        "QmVhcmVyIGZpby11LVNlL2NyK2V0PT0=",
        "OmZpby11LVNlL2NyK2V0PT0=",
        "YTpmaW8tdS1TZS9jcitldD09",
    ] {
        let masked = body(&secrets, text);
        assert!(masked.contains("***") && masked.len() < 16, "{masked}");
    }
}

#[test]
fn letter_case_hides_no_secret() {
    let secrets = hiding(&[TOKEN, "Short"]);
    for (text, masked) in [
        ("https://FIO-U-Se/cR+et==/x", "https://***/x"),
        ("https://fio-u-se/cr+et==/x", "https://***/x"),
        ("fio-u-se%2fcr%2bet%3d%3d", "***"),
        // A short one is a word, and another one in other letters.
        ("Short short", "*** short"),
    ] {
        assert_eq!(body(&secrets, text), masked, "{text}");
    }
    // Across the pieces in which a long text is looked through.
    for before in PIECE - TOKEN.len()..=PIECE + 1 {
        let text = format!("{}{}", "x".repeat(before), TOKEN.to_uppercase());
        assert_eq!(secrets.find(text.as_bytes()), Some(before));
        let twice = format!("{text}{TOKEN}");
        let printed = secrets.printed(twice.as_bytes()).into_owned();
        assert_eq!(printed.len(), before + 6);
    }
}

#[test]
fn a_long_part_of_a_secret_is_masked_in_words_from_outside() {
    let token = "fio-u-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
    let secrets = hiding(&[token]);
    for (text, masked) in [
        (format!("no: {}…", &token[..20]), "no: ***…"),
        (format!("no: {}", &token[token.len() - 32..]), "no: ***"),
        (format!("…{}…", &token[3..40]), "…***…"),
        (format!("a{}b{}c", &token[..16], token), "a***b***c"),
        (
            format!(r#"{{"a":"\u0066{}"}}"#, &token[1..30]),
            r#"{"a":"***"}"#,
        ),
        (format!("%66{}", &token[1..30]), "***"),
    ] {
        assert_eq!(body(&secrets, &text), masked, "{text}");
    }
    for start in 0..=token.len() - 16 {
        for length in 16..=(token.len() - start) {
            let text = format!("no: {}!", &token[start..start + length]);
            assert_eq!(body(&secrets, &text), "no: ***!", "{text}");
        }
        let text = &token[start..start + 15];
        assert_eq!(body(&secrets, text), text);
    }
    assert_eq!(body(&secrets, "fio-u-another"), "fio-u-another");
    // Of a shorter one half is soon a word like any other.
    let short = hiding(&["fio-u-of-the-tests-by-hand"]);
    assert_eq!(body(&short, "fio-u-of-the-tests"), "fio-u-of-the-tests");
    // What the program itself says has no cut tokens.
    let part = &token.as_bytes()[..20];
    assert_eq!(secrets.printed(part), part);
}

#[test]
fn a_short_secret_is_masked_as_a_word_and_a_shorter_one_not_at_all() {
    let secrets = hiding(&["hush", "t"]);
    assert_eq!(
        body(&secrets, "hush, hushed: 'hush' t"),
        "***, hushed: '***' t"
    );
    assert_eq!(secrets.printed(b"hush"), b"hush".as_slice());
    let long = hiding(&["hush-hush"]);
    assert_eq!(long.printed(b"xhush-hushx"), b"x***x".as_slice());
}

#[test]
fn tokens_of_the_past_stay_hidden() {
    let secrets = Secrets::default();
    let token = |number: usize| Token::new(&format!("token-{number:04}")).unwrap();
    for number in 0..100 {
        secrets.renew(&token(number));
        secrets.renew(&token(number));
    }
    assert_eq!(secrets.read().renewed.len(), RENEWED);
    assert_eq!(secrets.words("token-0099 token-0070"), "*** ***");
    assert_eq!(format!("{secrets:?}"), "***");
}

#[test]
fn words_have_an_end() {
    assert_eq!(bounded("short"), "short");
    let exact = "ü".repeat(LONGEST);
    assert_eq!(bounded(&exact), exact);
    let cut = bounded(&"ü".repeat(LONGEST + 1));
    assert_eq!(cut.chars().count(), LONGEST);
    assert!(cut.ends_with("ü…"));
    // The mask comes first, so that no piece of a secret is left at the cut.
    let secrets = hiding(&[TOKEN]);
    let words = secrets.words(&format!("{}{TOKEN}", "x".repeat(LONGEST - 6)));
    assert!(words.ends_with("x***"), "{words}");
}

#[test]
fn each_text_of_an_answer_has_an_end_but_the_link_to_the_next_page() {
    let secrets = Secrets::default();
    let long = "a".repeat(600);
    let text = format!(
        r#"{{"{long}":1,"m":["{long}\"",{{"detail" : "{long}"}}],"links":{{"next":"{long}"}},"n":"{long}"}}"#
    );
    let short = format!("{}…", "a".repeat(LONGEST - 1));
    let expected = format!(
        r#"{{"{short}":1,"m":["{short}",{{"detail" : "{short}"}}],"links":{{"next":"{long}"}},"n":"{short}"}}"#
    );
    assert_eq!(body(&secrets, &text), expected);
    // What is no JSON, or none to its end, is nobody's words.
    let page = format!("<html>\"{long}\"");
    assert_eq!(body(&secrets, &page), page);
    let endless = format!(r#"{{"a":"{long}"#);
    assert!(body(&secrets, &endless).len() < endless.len());
    // A pair of escapes is one character, and is not torn.
    for before in LONGEST - 5..LONGEST + 3 {
        let text = format!(
            r#"{{"a":"{}{}"}}"#,
            "x".repeat(before),
            r"\ud83d\ude00".repeat(9)
        );
        let read: serde_json::Value = serde_json::from_str(&body(&secrets, &text)).unwrap();
        assert!(read["a"].as_str().unwrap().chars().count() <= LONGEST);
    }
}

/// A text in which every character may be written as another form of itself.
fn disguised(secret: &str, dice: &[u8]) -> String {
    let forms = |(character, die): (char, &u8)| match die % 5 {
        0 => format!("\\u{:04x}", u32::from(character)),
        1 => format!("%{:02X}", u32::from(character)),
        2 if character == '/' || character == '"' => format!("\\{character}"),
        _ if character == '"' || character == '\\' => format!("\\{character}"),
        _ => character.to_string(),
    };
    secret.chars().zip(dice.iter().cycle()).map(forms).collect()
}

proptest! {
    #[test]
    fn no_body_brings_a_secret_in(
        secret in "[!-~]{8,40}",
        before in "[^\\\\%]{0,20}",
        after in "[^\\\\%]{0,20}",
        dice in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        let secrets = hiding(&[&secret]);
        let raw = format!("{before}{secret}{after}");
        let masked = body(&secrets, &raw);
        prop_assert!(!masked.contains(&secret), "{}", masked);
        prop_assert!(!secrets.words(&raw).contains(&secret));
        let document = serde_json::json!({"errors": [{"detail": raw}]}).to_string();
        let inside = |text: &str| {
            let read: serde_json::Value = serde_json::from_str(text).ok()?;
            Some(read["errors"][0]["detail"].as_str()?.to_owned())
        };
        // What can no longer be read is nobody's words.
        let said = inside(&body(&secrets, &document)).unwrap_or_default();
        prop_assert!(!said.contains(&secret), "{}", said);
        let hidden = disguised(&secret, &dice);
        let document = format!(r#"{{"errors":[{{"detail":"{hidden}"}}]}}"#);
        let said = inside(&body(&secrets, &document)).unwrap_or_default();
        prop_assert!(!said.contains(&secret), "{}", said);
    }

    #[test]
    fn an_answer_without_a_secret_stays_as_it_is(text in "\\PC{0,200}") {
        let secrets = hiding(&["fio-u-not-in-there-1"]);
        prop_assert_eq!(body(&secrets, &text), text);
    }
}
