//! Where a list goes on, as the link to its next page says it.

/// What a cursor says.
#[derive(Debug)]
pub(super) struct Cursor {
    /// Which page it leads to, from 2; no client can tell.
    pub(super) page: u64,
    /// The order of the list that it was made for, where it keeps that.
    pub(super) sort: Option<String>,
    /// The kinds in the list that it was made for, where it keeps them.
    pub(super) kinds: Option<String>,
    /// What the list itself knows the place by; nothing is its beginning.
    pub(super) place: String,
}

impl Cursor {
    pub(super) fn read(text: &str) -> Option<Self> {
        let says = read_digits(text)?;
        let mut parts = says.splitn(4, '|').map(str::to_owned);
        let page = parts.next()?.parse().ok()?;
        let mut kept = || {
            parts
                .next()
                .map(|part| Some(part).filter(|part| !part.is_empty()))
        };
        Some(Self {
            page,
            sort: kept()?,
            kinds: kept()?,
            place: parts.next()?,
        })
    }

    pub(super) fn write(&self) -> String {
        let Self {
            page,
            sort,
            kinds,
            place,
        } = self;
        let kept = |part: &Option<String>| part.clone().unwrap_or_default();
        write_digits(&format!("{page}|{}|{}|{place}", kept(sort), kept(kinds)))
    }
}

/// Which page of a list a request asks for; whatever is no list has only a first one.
pub(crate) fn page_asked(query: Option<&str>) -> u64 {
    let cursor = cursor_in(query).and_then(Cursor::read);
    cursor.map_or(1, |cursor| cursor.page)
}

/// The link that leads to the very page that a request asks for.
pub(crate) fn link_to_itself(path: &str, query: Option<&str>) -> String {
    let first = || {
        let cursor = Cursor {
            page: 1,
            sort: None,
            kinds: None,
            place: String::new(),
        };
        cursor.write()
    };
    let cursor = cursor_in(query).map_or_else(first, str::to_owned);
    format!("{path}?after={cursor}")
}

/// The cursor in a query; one that is escaped more than it must be is none here.
fn cursor_in(query: Option<&str>) -> Option<&str> {
    let mut fields = query?.split('&').rev();
    fields.find_map(|field| field.strip_prefix("after="))
}

/// A cursor is opaque: what it says goes as the numbers of its letters.
fn write_digits(says: &str) -> String {
    says.bytes()
        .flat_map(|byte| [byte >> 4, byte & 0xf])
        .filter_map(|half| char::from_digit(u32::from(half), 16))
        .collect()
}

fn read_digits(text: &str) -> Option<String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !digits || !text.len().is_multiple_of(2) {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}
