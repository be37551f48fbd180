//! The one gate for words from outside: no secret comes in with them, and none is endless.
//!
//! A server may repeat in an answer what it was sent, and an answer ends up in messages, in the
//! state and in logs. So the bytes of an answer pass here before anybody takes them apart.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use memchr::memmem::Finder;

use crate::frameio::token::Token;

mod escapes;
mod forms;

use escapes::{LAYERS, unescaped};
use forms::{base64_forms, hexadecimal_forms};

/// How many characters of one text from outside are kept.
pub const LONGEST: usize = 500;

/// How many characters of a link to the next page are kept: it must go back to the server letter
/// for letter, and no server takes a longer one.
const LONGEST_LINK: usize = 8192;

/// What stands in place of a secret.
const MASK: &[u8] = b"***";

/// The shortest secret that is looked for. In fewer characters no server gives one, and without
/// those characters no answer could be read any more.
const SHORTEST: usize = 4;

/// From this length on a secret is also found inside of words, in Base64 and in hexadecimal
/// digits, and in whatever letter case: as the host of an address it is written small.
const LONG: usize = 8;

/// How long a part of a secret is by which the secret is known: half of the shortest that has
/// parts, and more than anybody guesses.
const PART: usize = 16;

/// How long the pieces are by which a part is found: one of them lies whole within any part.
const SEED: usize = PART / 2;

/// How many bytes of a text are written small at a time.
const PIECE: usize = 64 << 10;

/// How many renewed tokens are remembered; the older ones have ended long ago.
const RENEWED: usize = 32;

/// Texts that nobody may read. Clones share them.
#[derive(Clone, Default)]
pub struct Secrets(Arc<RwLock<Kept>>);

#[derive(Default)]
struct Kept {
    lasting: Vec<Needle>,
    renewed: VecDeque<Needle>,
}

impl Kept {
    /// The secrets of at least so many characters.
    fn at_least(&self, least: usize) -> Vec<&Needle> {
        let all = self.lasting.iter().chain(&self.renewed);
        all.filter(|needle| needle.plain.needle().len() >= least)
            .collect()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// One secret, and the forms in which it is looked for.
struct Needle {
    plain: Finder<'static>,
    /// A long one in small letters.
    small: Option<Finder<'static>>,
    encoded: Vec<Finder<'static>>,
    /// Pieces of a long one, which an answer may cut, each with its place in the secret.
    seeds: Vec<(usize, Finder<'static>)>,
}

/// What counts as a secret in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    Whole,
    /// Also a long part of one.
    Parts,
}

impl Needle {
    /// Takes a text that is long enough to be looked for.
    fn new(secret: &str) -> Option<Self> {
        let secret = secret.trim().as_bytes();
        (secret.len() >= SHORTEST).then(|| Self {
            plain: Finder::new(secret).into_owned(),
            small: (secret.len() >= LONG)
                .then(|| Finder::new(&secret.to_ascii_lowercase()).into_owned()),
            encoded: base64_forms(secret)
                .into_iter()
                .chain(hexadecimal_forms(secret))
                .collect(),
            seeds: seeds(secret),
        })
    }

    fn is(&self, secret: &str) -> bool {
        self.plain.needle() == secret.trim().as_bytes()
    }

    /// Where the secret is in a text, in one of its forms.
    fn places<'text>(
        &'text self,
        text: &'text [u8],
        counts: Counts,
    ) -> impl Iterator<Item = Range<usize>> + 'text {
        let length = self.plain.needle().len();
        let small = self.small.iter();
        let small = small.flat_map(move |form| find_small(form, text));
        let exact = self.small.is_none().then(|| self.plain.find_iter(text));
        let plain = small
            .chain(exact.into_iter().flatten())
            .map(move |start| start..start + length)
            .filter(move |place| length >= LONG || is_word(text, place));
        let encoded = self.encoded.iter().flat_map(|form| {
            let length = form.needle().len();
            form.find_iter(text).map(move |start| start..start + length)
        });
        let seeds = self.seeds.iter().filter(move |_| counts == Counts::Parts);
        let parts = seeds.flat_map(|(offset, seed)| {
            let found = seed.find_iter(text);
            let parts = found.map(|start| self.whole_part(text, start, *offset));
            parts.filter(|part| part.len() >= PART)
        });
        plain.chain(encoded).chain(parts)
    }

    /// All of a secret that stands in a text around a part of it.
    fn whole_part(&self, text: &[u8], start: usize, offset: usize) -> Range<usize> {
        let secret = self.plain.needle();
        let before = text[..start]
            .iter()
            .rev()
            .zip(secret[..offset].iter().rev());
        let more = before.take_while(|(one, other)| one == other).count();
        let length = text[start..].iter().zip(&secret[offset..]);
        let length = length.take_while(|(one, other)| one == other).count();
        start - more..start + length
    }
}

/// Where a form in small letters is in a text, whatever letters that has: piece by piece, so that
/// no second copy of a large document lies in memory.
fn find_small(form: &Finder<'_>, text: &[u8]) -> impl Iterator<Item = usize> {
    let more = form.needle().len().saturating_sub(1);
    let starts = (0..text.len()).step_by(PIECE);
    starts.flat_map(move |start| {
        let end = text.len().min(start + PIECE + more);
        let piece = text[start..end].to_ascii_lowercase();
        let found: Vec<usize> = form.find_iter(&piece).map(|at| start + at).collect();
        found
    })
}

/// Pieces of a secret, one behind the other, where it has several parts.
fn seeds(secret: &[u8]) -> Vec<(usize, Finder<'static>)> {
    if secret.len() < 2 * PART {
        return Vec::new();
    }
    let seeds = secret.chunks_exact(SEED).enumerate();
    seeds
        .map(|(number, seed)| (number * SEED, Finder::new(seed).into_owned()))
        .collect()
}

/// Whether no letter and no digit touches the place.
fn is_word(text: &[u8], place: &Range<usize>) -> bool {
    let before = place.start.checked_sub(1).and_then(|at| text.get(at));
    let ends = [before, text.get(place.end)];
    ends.into_iter()
        .flatten()
        .all(|byte| !byte.is_ascii_alphanumeric())
}

impl Secrets {
    /// The secret of a token that does not change.
    #[must_use]
    pub fn of_token(token: &Token) -> Self {
        let secrets = Self::default();
        secrets.keep(token.text());
        secrets
    }

    /// Hides a text from now on.
    pub fn keep(&self, secret: &str) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !kept.lasting.iter().any(|needle| needle.is(secret)) {
            kept.lasting.extend(Needle::new(secret));
        }
    }

    /// Hides a token that others will follow; those before it stay hidden.
    pub(super) fn renew(&self, token: &Token) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !kept.renewed.iter().any(|needle| needle.is(token.text())) {
            kept.renewed.extend(Needle::new(token.text()));
            if kept.renewed.len() > RENEWED {
                kept.renewed.pop_front();
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Kept> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The body of an answer as the program may see it: without secrets, and without texts that
    /// are longer than anybody reads.
    #[must_use]
    pub fn body(&self, bytes: Vec<u8>) -> Vec<u8> {
        let bytes = match self.masked(&bytes, SHORTEST, Counts::Parts) {
            Cow::Owned(masked) => masked,
            Cow::Borrowed(_) => bytes,
        };
        shortened(bytes)
    }

    /// Words from outside as the program may repeat them: without secrets, and bounded.
    #[must_use]
    pub fn words(&self, text: &str) -> String {
        bounded(&self.hide_in(text))
    }

    /// Words from outside without secrets, as long as they are.
    #[must_use]
    pub fn hide_in(&self, text: &str) -> String {
        let masked = self.masked(text.as_bytes(), SHORTEST, Counts::Parts);
        String::from_utf8_lossy(&masked).into_owned()
    }

    /// Whether a text from outside has a secret in it.
    #[must_use]
    pub fn shows(&self, text: &str) -> bool {
        matches!(
            self.masked(text.as_bytes(), SHORTEST, Counts::Parts),
            Cow::Owned(_)
        )
    }

    /// Where a document has a secret; short ones do not count, since a word may be meant.
    #[must_use]
    pub fn find(&self, document: &[u8]) -> Option<usize> {
        let kept = self.read();
        let needles = kept.at_least(LONG);
        let is_there = is_in(&needles, document, Counts::Whole);
        is_there.then(|| {
            places(&needles, document, Counts::Whole)
                .first()
                .map_or(0, |place| place.start)
        })
    }

    /// A text of this program before it is printed. Short secrets stay, since a token like
    /// `token` would make the program's own words unreadable; none of them has come in.
    #[must_use]
    pub fn printed<'text>(&self, text: &'text [u8]) -> Cow<'text, [u8]> {
        self.masked(text, LONG, Counts::Whole)
    }

    /// The text with a mask in place of each secret of at least `least` characters.
    fn masked<'text>(&self, text: &'text [u8], least: usize, counts: Counts) -> Cow<'text, [u8]> {
        let kept = self.read();
        let needles = kept.at_least(least);
        if !is_in(&needles, text, counts) {
            return Cow::Borrowed(text);
        }
        let mut masked = Vec::with_capacity(text.len());
        let mut done = 0;
        for place in places(&needles, text, counts) {
            // Places may overlap.
            if place.end > done {
                masked.extend_from_slice(&text[done..place.start.max(done)]);
                if place.start >= done {
                    masked.extend_from_slice(MASK);
                }
                done = place.end;
            }
        }
        masked.extend_from_slice(&text[done..]);
        Cow::Owned(masked)
    }
}

/// Whether a secret is in a text, escaped or not. Most texts have none, so this keeps no places.
fn is_in(needles: &[&Needle], text: &[u8], counts: Counts) -> bool {
    if needles.is_empty() {
        return false;
    }
    let found = |layer: &[u8]| {
        let mut needles = needles.iter();
        needles.any(|needle| needle.places(layer, counts).next().is_some())
    };
    let mut layer = Cow::Borrowed(text);
    found(&layer)
        || LAYERS.iter().any(|escapes| {
            let Some(deeper) = unescaped(&layer, escapes, &mut |_| {}) else {
                return false;
            };
            layer = Cow::Owned(deeper);
            found(&layer)
        })
}

/// Where secrets are in a text, escaped or not, in order; each place covers whole escapes.
fn places(needles: &[&Needle], text: &[u8], counts: Counts) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut layer = Cow::Borrowed(text);
    // Where each byte of the layer begins in the text, and at last where the text ends.
    let mut starts: Vec<usize> = (0..=text.len()).collect();
    let mut look = |layer: &[u8], starts: &[usize]| {
        for needle in needles {
            let places = needle.places(layer, counts);
            found.extend(places.map(|place| starts[place.start]..starts[place.end]));
        }
    };
    look(&layer, &starts);
    for escapes in LAYERS {
        let mut deeper_starts = Vec::new();
        let mut tell = |at: usize| deeper_starts.push(starts[at]);
        if let Some(deeper) = unescaped(&layer, escapes, &mut tell) {
            deeper_starts.push(text.len());
            (layer, starts) = (Cow::Owned(deeper), deeper_starts);
            look(&layer, &starts);
        }
    }
    found.sort_unstable_by_key(|place| (place.start, place.end));
    found
}

/// The first characters of a text, with an ellipsis where it is longer.
#[must_use]
pub fn bounded(text: &str) -> String {
    if text.len() <= LONGEST || text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let kept = text.chars().take(LONGEST - 1);
    kept.chain(['…']).collect()
}

/// A JSON document in which no text is longer than anybody reads; anything else stays as it is.
fn shortened(bytes: Vec<u8>) -> Vec<u8> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if bytes.len() <= LONGEST || !matches!(first, Some(b'{' | b'[')) {
        return bytes;
    }
    let cuts = cuts(&bytes);
    if cuts.is_empty() {
        return bytes;
    }
    let mut short = Vec::new();
    let mut done = 0;
    for cut in cuts {
        short.extend_from_slice(&bytes[done..cut.start]);
        short.extend_from_slice("…".as_bytes());
        done = cut.end;
    }
    short.extend_from_slice(&bytes[done..]);
    short
}

/// What is too much of each text of a JSON document.
fn cuts(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut cuts = Vec::new();
    let (mut at, mut is_link) = (0, false);
    while let Some(quote) = memchr::memchr(b'"', &bytes[at..]) {
        let start = at + quote + 1;
        let end = end_of_text(bytes, start);
        let text = &bytes[start..end];
        let rest = bytes[end..].iter().skip(1);
        let is_key = rest
            .clone()
            .find(|byte| !byte.is_ascii_whitespace())
            .is_some_and(|byte| *byte == b':');
        let longest = if is_link && !is_key {
            LONGEST_LINK
        } else {
            LONGEST
        };
        if let Some(kept) = too_long(text, longest) {
            cuts.push(start + kept..end);
        }
        if is_key {
            is_link = text == b"next";
        }
        at = (end + 1).min(bytes.len());
    }
    cuts
}

/// Where a JSON text ends: at its quote, or with the document.
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        at += found;
        if bytes[at] == b'"' {
            return at;
        }
        at = (at + 2).min(bytes.len());
    }
    bytes.len()
}

/// How many bytes are kept of a JSON text that has too many characters, so that with an ellipsis
/// it has as many as it may.
fn too_long(text: &[u8], longest: usize) -> Option<usize> {
    if text.len() <= longest {
        return None;
    }
    let (mut at, mut characters, mut kept) = (0, 0, 0);
    let mut is_half = false;
    while at < text.len() {
        // Half of a pair of escapes is no character.
        if characters < longest && !is_half {
            kept = at;
        }
        characters += 1;
        if characters > longest {
            return Some(kept);
        }
        let rest = &text[at..];
        is_half = is_high_surrogate(rest);
        at += match rest {
            [b'\\', b'u', ..] => 6,
            [b'\\', ..] => 2,
            _ => {
                let more = rest[1..].iter();
                1 + more.take_while(|byte| **byte & 0xc0 == 0x80).count()
            }
        };
    }
    None
}

/// Whether an escape is the first half of a pair.
fn is_high_surrogate(text: &[u8]) -> bool {
    matches!(
        text,
        [
            b'\\',
            b'u',
            b'd' | b'D',
            b'8' | b'9' | b'a' | b'A' | b'b' | b'B',
            ..
        ]
    )
}

#[cfg(test)]
mod tests;
