//! What people write for an asset: its id in any notation, or the address of its page.

use uuid::Uuid;

use super::{AssetId, AssetIdError};

/// The web app of V4.
const WEB_APP: &str = "https://next.frame.io/";

/// The web app of the legacy API.
const LEGACY_APP: &str = "https://app.frame.io/";

/// The host of short links.
const SHORT_LINKS: &str = "https://f.io/";

/// An asset as somebody wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The asset.
    pub id: AssetId,
    /// The project that the address of its page names.
    pub project: Option<AssetId>,
}

/// Says why a text names no asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrittenError {
    /// It is no id.
    #[error(transparent)]
    Id(#[from] AssetIdError),
    /// It is the UUID that stands for none.
    #[error("the nil UUID is the id of nothing")]
    Nil,
    /// It is a page of the web app, without a scheme.
    #[error("an address begins with `https://`")]
    NoScheme,
    /// It is the page of a project.
    #[error("this is the address of a project, and a project is not an asset")]
    Project,
    /// It is a short link.
    #[error("this is a short link, and it does not say which asset it leads to")]
    ShortLink,
    /// It is a share.
    #[error("this is the link of a share, and a share is not an asset")]
    Share,
    /// It is a review or a presentation.
    #[error(
        "this is the link of a review or a presentation, and it does not say which asset it shows"
    )]
    Review,
    /// It is a page of the legacy web app; with the asset's id, where it says one.
    #[error("this is an address of the legacy web app, and V4 may have another id for the asset")]
    Legacy(Option<AssetId>),
    /// It is some other address.
    #[error("this is not the address of an asset in Frame.io")]
    Address,
    /// It is an address, where only an id has a meaning.
    #[error("this is an address, and an id belongs here")]
    IsAddress,
    /// An `id:` stands in front of it, with no blank between.
    #[error("there is no blank behind `id:`")]
    NoBlank,
    /// A comma stands behind it.
    #[error("a comma stands behind the id")]
    Comma,
    /// A variable of a shell stands in its place.
    #[error("no variable is replaced in a manifest")]
    Variable,
    /// A blank of another sort than the keyboard's stands in it.
    #[error("the character U+{:04X} stands beside the id, which looks like a blank", u32::from(*.0))]
    OddBlank(char),
    /// Quotation marks of another sort than YAML's, or more of them, stand around it.
    #[error("the quotation mark `{0}` stands beside the id")]
    Quotes(char),
    /// A program that writes texts has put a dash in place of a hyphen.
    #[error("the dash `{0}` stands in the id in place of `-`")]
    Dash(char),
    /// Several ids stand in one place.
    #[error("several ids stand here, and one belongs here")]
    Several,
    /// Something stands behind it.
    #[error("something stands behind the id")]
    More,
}

/// What to paste in place of a link that names no asset.
const PASTE: &str = "open the asset in its project and paste the address of that page, like `https://next.frame.io/project/…/view/…`, or write its id";

impl WrittenError {
    /// Says what to do about it, where there is something more to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Id(error) => return error.hint(),
            Self::Legacy(Some(id)) => {
                return Some(format!(
                    "open the asset on `next.frame.io` and paste that address; for v2, write its id alone: `{id}`"
                ));
            }
            Self::Nil => "write the id of the asset",
            Self::NoScheme => "copy the whole address, with `https://`",
            Self::Project
            | Self::ShortLink
            | Self::Share
            | Self::Review
            | Self::Legacy(None)
            | Self::Address => PASTE,
            Self::IsAddress => "write the id alone",
            Self::NoBlank => "write `id: ` and a blank, then the id",
            Self::Comma => "remove the comma: each asset has a line of its own",
            Self::Variable => "write the id itself",
            Self::OddBlank(_) => "remove it, and write a plain blank where one belongs",
            Self::Quotes(_) => "write the id alone, without quotation marks",
            Self::Dash(_) => "write hyphens, the character of the keyboard",
            Self::Several => "give each id a line of its own that begins with `- `",
            Self::More => "put a remark behind ` # `, or a name as `- {id: …, pin: {name: …}}`",
        };
        Some(hint.to_owned())
    }
}

impl Written {
    /// Reads what somebody wrote: a UUID with or without hyphens, in braces or as a URN, an id of
    /// Adobe's storage, or the address of the asset's page.
    ///
    /// # Errors
    ///
    /// Returns why it names no asset.
    pub fn parse(text: &str) -> Result<Self, WrittenError> {
        match parse_id(text) {
            Ok(id) => Ok(Self { id, project: None }),
            Err(WrittenError::IsAddress) => address(text),
            Err(error) => Err(error),
        }
    }
}

/// Reads an id in any notation, and no address.
///
/// # Errors
///
/// Returns why it is none.
pub fn parse_id(text: &str) -> Result<AssetId, WrittenError> {
    match id(text) {
        Err(WrittenError::Id(_)) if is_address(text) => Err(WrittenError::IsAddress),
        Err(WrittenError::Id(error)) => Err(slip(text).unwrap_or(error.into())),
        other => other,
    }
}

/// Reads an id in any notation.
fn id(text: &str) -> Result<AssetId, WrittenError> {
    let id = match AssetId::parse(text) {
        Err(AssetIdError::OtherNotation(uuid)) => AssetId::parse(&uuid.to_string())?,
        other => other?,
    };
    if id == AssetId::from_uuid(Uuid::nil()) {
        return Err(WrittenError::Nil);
    }
    Ok(id)
}

/// Whether a text is meant for an address.
fn is_address(text: &str) -> bool {
    text.contains("://") || text.contains("frame.io/") || text.starts_with("f.io/")
}

/// Reads the address of an asset's page.
///
/// Only what is known of an address is taken: an id that stands somewhere else in one may be that
/// of a share, a comment or another version.
fn address(text: &str) -> Result<Written, WrittenError> {
    if !text.contains("://") {
        return Err(WrittenError::NoScheme);
    }
    // A browser drops what ends a line, so that nobody sees it there.
    let ends_line = |letter: &char| matches!(letter, '\n' | '\r' | '\u{2028}' | '\u{2029}');
    if let Some(odd) = text.chars().find(ends_line) {
        return Err(WrittenError::OddBlank(odd));
    }
    let page = text.split(['?', '#']).next().unwrap_or_default();
    if page.starts_with(SHORT_LINKS) {
        return Err(WrittenError::ShortLink);
    }
    let page = page.strip_suffix('/').unwrap_or(page);
    if let Some(path) = page.strip_prefix(LEGACY_APP) {
        return Err(legacy(&path.split('/').collect::<Vec<_>>()));
    }
    let path = page.strip_prefix(WEB_APP).ok_or(WrittenError::Address)?;
    let parts: Vec<&str> = path.split('/').collect();
    let uuid = |text: &str| match Uuid::try_parse(text) {
        Ok(_) if text.len() == 36 => id(text),
        Ok(_) | Err(_) => Err(WrittenError::Address),
    };
    match *parts {
        ["project", project, "view", asset] | ["project", project, asset] => Ok(Written {
            id: uuid(asset)?,
            project: Some(uuid(project)?),
        }),
        ["project", _] => Err(WrittenError::Project),
        ["player", asset] => Ok(Written {
            id: uuid(asset)?,
            project: None,
        }),
        ["share" | "embed", ..] => Err(WrittenError::Share),
        _ => Err(WrittenError::Address),
    }
}

/// What an address of the legacy web app says.
fn legacy(parts: &[&str]) -> WrittenError {
    let asset = match *parts {
        ["player", asset] | ["projects", _, "view" | "files", asset] => id(asset).ok(),
        ["reviews" | "presentations", ..] => return WrittenError::Review,
        ["projects", _] => return WrittenError::Project,
        _ => None,
    };
    WrittenError::Legacy(asset)
}

/// What is wrong with a text that is nearly an id.
fn slip(text: &str) -> Option<WrittenError> {
    if text.starts_with('$') {
        return Some(WrittenError::Variable);
    }
    let odd = |letter: &char| (letter.is_whitespace() && *letter != ' ') || *letter == '\u{200b}';
    if let Some(odd) = text.chars().find(odd) {
        return Some(WrittenError::OddBlank(odd));
    }
    if let Some(rest) = text.strip_prefix("id:") {
        return id(rest).ok().map(|_| WrittenError::NoBlank);
    }
    if let Some(before) = text.strip_suffix(',') {
        return id(before).ok().map(|_| WrittenError::Comma);
    }
    let is_id = |text: &str| id(text).is_ok();
    if let Some(mark) = text.chars().find(|letter| QUOTES.contains(letter))
        && is_id(text.trim_matches(QUOTES))
    {
        return Some(WrittenError::Quotes(mark));
    }
    if let Some(dash) = text.chars().find(|letter| DASHES.contains(letter))
        && is_id(&text.replace(DASHES, "-"))
    {
        return Some(WrittenError::Dash(dash));
    }
    let mut pieces = text.split(BREAKS).filter(|piece| !piece.is_empty());
    if !is_id(pieces.next()?) {
        return None;
    }
    let mut others = pieces.peekable();
    let are_ids = others.peek().is_some() && others.all(is_id);
    Some(if are_ids {
        WrittenError::Several
    } else {
        WrittenError::More
    })
}

/// The quotation marks that programs write around a word.
const QUOTES: [char; 12] = ['"', '\'', '`', '´', '“', '”', '„', '‘', '’', '‚', '«', '»'];

/// The dashes that programs write in place of a hyphen.
const DASHES: [char; 7] = [
    '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}',
];

/// What people write between two things on one line.
const BREAKS: [char; 4] = [' ', ',', ';', '|'];

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    const P: &str = "7b2c3d4e-5f6a-4b7c-9d8e-0f1a2b3c4d5e";

    fn written(project: bool) -> Written {
        Written {
            id: A.parse().unwrap(),
            project: project.then(|| P.parse().unwrap()),
        }
    }

    #[test]
    fn every_notation_of_an_id_is_taken() {
        for text in [
            A,
            "3FA85F64-5717-4562-B3FC-2C963F66AFA6",
            "3fa85f6457174562b3fc2c963f66afa6",
            "{3fa85f64-5717-4562-b3fc-2c963f66afa6}",
            "urn:uuid:3fa85f64-5717-4562-b3fc-2c963f66afa6",
        ] {
            assert_eq!(Written::parse(text), Ok(written(false)), "{text}");
        }
    }

    #[test]
    fn the_address_of_a_page_says_its_asset_and_its_project() {
        const OTHER: &str = "11111111-2222-4333-8444-555555555555";
        for (page, project) in [
            (format!("https://next.frame.io/project/{P}/view/{A}"), true),
            (format!("https://next.frame.io/project/{P}/view/{A}/"), true),
            (
                format!("https://next.frame.io/project/{P}/view/{A}?version={OTHER}"),
                true,
            ),
            (
                format!("https://next.frame.io/project/{P}/view/{A}#comment={OTHER}"),
                true,
            ),
            (format!("https://next.frame.io/project/{P}/{A}?x"), true),
            (format!("https://next.frame.io/player/{A}"), false),
        ] {
            assert_eq!(Written::parse(&page), Ok(written(project)), "{page}");
        }
    }

    #[test]
    fn an_address_is_one_line() {
        for odd in ['\n', '\r', '\u{2028}', '\u{2029}'] {
            for behind in ["?x", "#x"] {
                let page = format!("https://next.frame.io/project/{P}/view/{A}{behind}{odd}y");
                let odd = WrittenError::OddBlank(odd);
                assert_eq!(Written::parse(&page), Err(odd), "{page:?}");
            }
        }
    }

    #[test]
    fn what_names_no_asset_is_refused_with_what_to_write_instead() {
        let id = A.parse().unwrap();
        for (text, error) in [
            (
                format!("https://next.frame.io/project/{P}"),
                WrittenError::Project,
            ),
            (
                format!("https://next.frame.io/project/{P}/"),
                WrittenError::Project,
            ),
            (
                format!("https://app.frame.io/projects/{P}"),
                WrittenError::Project,
            ),
            (
                format!("https://next.frame.io/share/{P}/view/{A}"),
                WrittenError::Share,
            ),
            (
                format!("https://next.frame.io/embed/{A}"),
                WrittenError::Share,
            ),
            ("https://f.io/abc123".to_owned(), WrittenError::ShortLink),
            (
                format!("https://app.frame.io/reviews/{P}/{A}"),
                WrittenError::Review,
            ),
            (
                format!("https://app.frame.io/presentations/{P}"),
                WrittenError::Review,
            ),
            (
                format!("https://app.frame.io/player/{A}?version={P}"),
                WrittenError::Legacy(Some(id)),
            ),
            (
                format!("https://app.frame.io/projects/{P}/view/{A}"),
                WrittenError::Legacy(Some(id)),
            ),
            (
                format!("https://app.frame.io/library/{A}"),
                WrittenError::Legacy(None),
            ),
            (
                format!("next.frame.io/project/{P}/view/{A}"),
                WrittenError::NoScheme,
            ),
            (
                format!("http://next.frame.io/project/{P}/view/{A}"),
                WrittenError::Address,
            ),
            (
                format!("https://next.frame.io.example/project/{P}/view/{A}"),
                WrittenError::Address,
            ),
            (
                format!("https://me@next.frame.io/project/{P}/view/{A}"),
                WrittenError::Address,
            ),
            (
                format!("https://next.frame.io/project/{P}/view/{A}/{A}"),
                WrittenError::Address,
            ),
            (
                format!("https://next.frame.io/settings/{A}"),
                WrittenError::Address,
            ),
            (
                format!("https://next.frame.io/project/{P}/view/x"),
                WrittenError::Address,
            ),
            (
                "00000000-0000-0000-0000-000000000000".to_owned(),
                WrittenError::Nil,
            ),
            (format!("id:{A}"), WrittenError::NoBlank),
            (format!("{A},"), WrittenError::Comma),
            (format!("{A} A001.mov"), WrittenError::More),
            (format!("{A},A001.mov,12"), WrittenError::More),
            (format!("{A}; {P}"), WrittenError::Several),
            (format!("{A} {P}"), WrittenError::Several),
            (
                format!("\u{201c}{A}\u{201d}"),
                WrittenError::Quotes('\u{201c}'),
            ),
            (format!("'{A}'"), WrittenError::Quotes('\'')),
            (A.replace('-', "\u{2013}"), WrittenError::Dash('\u{2013}')),
            (format!("{A}\u{a0}"), WrittenError::OddBlank('\u{a0}')),
            ("${ASSET}".to_owned(), WrittenError::Variable),
        ] {
            assert_eq!(Written::parse(&text), Err(error), "{text}");
            assert!(error.hint().is_some(), "{text}");
        }
    }
}
