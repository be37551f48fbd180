//! YAML as a tree whose every node knows where it stands.
//!
//! The parser behind this hands out values without their places. Text that it borrows from
//! the source tells its place by its address; for the rest, a visitor refuses the value and
//! reads the place out of the refusal, which the parser marks with it.

use std::cell::{Cell, OnceCell};
use std::fmt;

use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde_yaml::Deserializer;

use super::text::{byte_of, line_starts, number};

/// The largest document that is read as a whole, in bytes: the parser holds some twenty times as
/// much.
pub(super) const LARGEST: usize = 64 << 20;

/// How deep brackets may be nested before the parser is not even asked: its time grows with
/// the square of that depth.
const DEEPEST: usize = 1000;

/// One node of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// The byte of the manifest at which it stands. A list or a mapping stands where the first
    /// scalar in it does.
    pub(super) at: u32,
    pub(super) value: Value,
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value {
            return Some(text);
        }
        None
    }

    pub(super) fn pairs(&self) -> Option<&[(Self, Self)]> {
        if let Value::Map(pairs) = &self.value {
            return Some(pairs);
        }
        None
    }

    /// Whether the first thing in it is an empty list or mapping, whose place is a guess from
    /// what stands before it.
    pub(super) fn begins_empty(&self) -> bool {
        match &self.value {
            Value::List(list) => list.first().is_none_or(Self::begins_empty),
            Value::Map(pairs) => pairs.first().is_none_or(|(key, _)| key.begins_empty()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Tagged(_) => {
                false
            }
        }
    }
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// A number; its value where it is a whole one that is not negative.
    Number(Option<u64>),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    /// A value with a tag of its own.
    Tagged(String),
}

/// What the parser does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    /// The byte of the manifest.
    pub(super) at: usize,
    pub(super) message: String,
    /// Where that began which is not in order.
    pub(super) context: Option<usize>,
}

/// A stretch of a manifest that the parser reads on its own.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    /// What the parser reads.
    text: &'a str,
    /// Where that begins in the manifest, in bytes.
    start: usize,
    /// The byte of `text` at which something was left out, and how many bytes that were.
    cut: (usize, usize),
    lines: OnceCell<Vec<u32>>,
    /// The line and the column that were asked for last, and their byte: JSON may be one line of
    /// megabytes, and counting from its beginning for each node would take hours.
    last: Cell<(usize, usize, usize)>,
}

impl<'a> Unit<'a> {
    /// A stretch that stands in the manifest as it is.
    pub(super) const fn new(text: &'a str, start: usize) -> Self {
        Self::with_cut(text, start, (usize::MAX, 0))
    }

    /// A stretch of which `cut.1` bytes were left out at `cut.0`.
    pub(super) const fn with_cut(text: &'a str, start: usize, cut: (usize, usize)) -> Self {
        Self {
            text,
            start,
            cut,
            lines: OnceCell::new(),
            last: Cell::new((0, 0, 0)),
        }
    }

    /// The byte of the manifest for a byte of the stretch.
    fn outside(&self, at: usize) -> usize {
        let skipped = if at >= self.cut.0 { self.cut.1 } else { 0 };
        self.start + at + skipped
    }

    /// The byte of the stretch for a byte of the manifest.
    fn inside(&self, at: usize) -> usize {
        let at = at.saturating_sub(self.start);
        if at >= self.cut.0.saturating_add(self.cut.1) {
            at - self.cut.1
        } else {
            at.min(self.cut.0)
        }
    }

    /// The byte of the manifest at which an empty list or mapping stands that comes first after
    /// a byte of the manifest; that byte itself where the text does not show it.
    fn empty(&self, from: usize, brackets: (char, char)) -> u32 {
        let inside = self.text.floor_char_boundary(self.inside(from));
        let rest = &self.text[inside..];
        let found = rest.match_indices(brackets.0).find(|(at, _)| {
            let line = &self.text[..inside + at];
            let line = &line[line.rfind('\n').map_or(0, |end| end + 1)..];
            let comment = line.starts_with('#') || line.contains(" #");
            !comment && rest[at + 1..].trim_start().starts_with(brackets.1)
        });
        number(found.map_or(from.saturating_sub(1), |(at, _)| self.outside(inside + at)))
    }

    /// The byte of the manifest for a line and a column of the stretch, both from 1.
    fn byte(&self, line: usize, column: usize) -> usize {
        let column = column.max(1);
        let (near, from, begin) = self.last.get();
        let at = if near == line && from <= column {
            begin + byte_of(&self.text[begin..], &[0], 1, column - from + 1)
        } else {
            let lines = self.lines.get_or_init(|| line_starts(self.text));
            byte_of(self.text, lines, line, column)
        };
        self.last.set((line, column, at));
        self.outside(at)
    }

    /// Parses the documents of the stretch; the last one may be refused.
    pub(super) fn documents(&self) -> (Vec<Node>, Option<Refusal>) {
        if let Some(at) = too_deep(self.text) {
            let refusal = Refusal {
                code: "too-deep",
                at: self.outside(at),
                message: format!("brackets are nested more than {DEEPEST} deep"),
                context: None,
            };
            return (Vec::new(), Some(refusal));
        }
        let build = Build {
            unit: self,
            // Aliases may make a tree larger than its text, but not without end.
            left: Cell::new(self.text.len().saturating_mul(2).saturating_add(10_000)),
            bytes: Cell::new(self.text.len().saturating_add(LARGEST)),
            spent: Cell::new(false),
        };
        let mut documents = Vec::new();
        for document in Deserializer::from_str(self.text) {
            let seed = Seed {
                build: &build,
                after: self.outside(0),
            };
            match seed.deserialize(document) {
                Ok(node) => documents.push(node),
                Err(error) => {
                    let refusal = self.refusal(&error, build.spent.get());
                    return (documents, Some(refusal));
                }
            }
        }
        (documents, None)
    }

    fn refusal(&self, error: &serde_yaml::Error, spent: bool) -> Refusal {
        let at = error
            .location()
            .map_or(0, |place| self.byte(place.line(), place.column()));
        let shown = error.to_string();
        let (problem, context) = match shown.split_once(", while ") {
            Some((problem, context)) => (problem, Some(context)),
            None => (&*shown, None),
        };
        let (problem, _) = split_place(problem);
        let known = |code, message: &str| Refusal {
            code,
            at,
            message: message.to_owned(),
            context: None,
        };
        if spent || problem.contains("repetition limit exceeded") {
            return known(
                "too-large",
                "aliases make this document larger than it may be",
            );
        }
        if problem.contains("recursion limit exceeded") {
            return known("too-deep", "this is nested more than 128 deep");
        }
        if problem.contains("unknown anchor") {
            return known("yaml-syntax", "this alias has no anchor before it");
        }
        let (context, began) = context.map_or((None, None), |context| {
            let (context, place) = split_place(context);
            let began = place.map(|(line, column)| self.byte(line, column));
            (Some(context), began)
        });
        Refusal {
            code: "yaml-syntax",
            at,
            message: match context {
                Some(context) => format!("{problem}, while {context}"),
                None => problem.to_owned(),
            },
            context: began.filter(|began| *began != at),
        }
    }
}

/// Splits ` at line 3 column 5` or ` at position 7` off the end of a message.
fn split_place(message: &str) -> (&str, Option<(usize, usize)>) {
    let digits = |text: &str| -> Option<usize> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    if let Some((before, place)) = message.rsplit_once(" at line ")
        && let Some((line, column)) = place.split_once(" column ")
        && let (Some(line), Some(column)) = (digits(line), digits(column))
    {
        return (before, Some((line, column)));
    }
    match message.rsplit_once(" at position ") {
        Some((before, place)) if digits(place).is_some() => (before, None),
        Some(_) | None => (message, None),
    }
}

/// Where brackets are nested too deep, if they are. It may count a bracket too many that stands
/// in quotes, never one too few.
fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'[' | b'{' if opens(&bytes[..at]) => {
                depth += 1;
                if depth > DEEPEST {
                    return Some(at);
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Whether a bracket after this may open a collection: in the middle of a text it does not.
fn opens(before: &[u8]) -> bool {
    let near = &before[before.len().saturating_sub(64)..];
    let line = memchr::memrchr2(b'\n', b'\r', near).map_or(near, |end| &near[end + 1..]);
    let word = line.trim_ascii_end();
    match word.last() {
        None | Some(b'[' | b'{' | b',' | b':' | b'-' | b'?' | b'"' | b'\'') => true,
        Some(_) => {
            let start = word.iter().rposition(|byte| b" \t[{,".contains(byte));
            match start {
                // A word that fills the window may be an anchor or a tag.
                None => line.len() == 64 || matches!(word.first(), Some(b'&' | b'!' | b'*')),
                Some(start) => matches!(word.get(start + 1), Some(b'&' | b'!' | b'*')),
            }
        }
    }
}

/// What the seeds of one stretch share.
struct Build<'u, 'a> {
    unit: &'u Unit<'a>,
    /// How many more nodes may be built.
    left: Cell<usize>,
    /// How many more bytes of text they may have: an alias is short, and repeats what is long.
    bytes: Cell<usize>,
    spent: Cell<bool>,
}

impl Build<'_, '_> {
    /// Counts a text before it is copied.
    fn spend<E: serde::de::Error>(&self, text: &str) -> Result<(), E> {
        if let Some(bytes) = self.bytes.get().checked_sub(text.len()) {
            self.bytes.set(bytes);
            return Ok(());
        }
        self.spent.set(true);
        Err(E::custom("too many bytes"))
    }
}

/// Builds one node.
#[derive(Clone, Copy)]
struct Seed<'b, 'u, 'a> {
    build: &'b Build<'u, 'a>,
    /// The byte of the manifest after which the node stands.
    after: usize,
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_, '_> {
    type Value = Node;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let left = self.build.left.get();
        if left == 0 {
            self.build.spent.set(true);
            return Err(serde::de::Error::custom("too many nodes"));
        }
        self.build.left.set(left - 1);
        let mut placeless = None;
        let shape = Shape {
            seed: self,
            placeless: &mut placeless,
        };
        match deserializer.deserialize_any(shape) {
            Ok(node) => Ok(node),
            Err(error) => match placeless {
                Some(value) => {
                    let message = error.to_string();
                    // A message without a place means the first byte.
                    let (_, place) = split_place(&message);
                    let (line, column) = place.unwrap_or((1, 1));
                    let at = number(self.build.unit.byte(line, column));
                    Ok(Node { at, value })
                }
                None => Err(error),
            },
        }
    }
}

struct Shape<'s, 'b, 'u, 'a> {
    seed: Seed<'b, 'u, 'a>,
    placeless: &'s mut Option<Value>,
}

impl Shape<'_, '_, '_, '_> {
    fn placeless<E: serde::de::Error>(self, value: Value) -> Result<Node, E> {
        *self.placeless = Some(value);
        Err(E::custom(""))
    }
}

impl<'de> Visitor<'de> for Shape<'_, '_, '_, '_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'de str) -> Result<Node, E> {
        let unit = self.seed.build.unit;
        let address = text.as_ptr().addr();
        match address.checked_sub(unit.text.as_ptr().addr()) {
            Some(at) if at <= unit.text.len() => {
                self.seed.build.spend(text)?;
                // Of a quoted text, the quote is where it begins.
                let quoted = at
                    .checked_sub(1)
                    .and_then(|before| unit.text.as_bytes().get(before));
                let after = unit.text.as_bytes().get(at + text.len());
                let at = match (quoted, after) {
                    (Some(b'"'), Some(b'"')) | (Some(b'\''), Some(b'\'')) => at - 1,
                    _ => at,
                };
                Ok(Node {
                    at: number(unit.outside(at)),
                    value: Value::Text(text.to_owned()),
                })
            }
            _ => self.visit_str(text),
        }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Node, E> {
        self.seed.build.spend(text)?;
        self.placeless(Value::Text(text.to_owned()))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Node, E> {
        self.placeless(Value::Null)
    }

    /// A text without any document.
    fn visit_none<E: serde::de::Error>(self) -> Result<Node, E> {
        self.placeless(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Node, E> {
        self.placeless(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
        self.placeless(Value::Number(Some(value)))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Node, E> {
        self.placeless(Value::Number(u64::try_from(value).ok()))
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Node, E> {
        self.placeless(Value::Number(u64::try_from(value).ok()))
    }

    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<Node, E> {
        self.placeless(Value::Number(u64::try_from(value).ok()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Node, E> {
        // As in JSON, `3.0` is a whole number.
        let whole = (value.fract() == 0.0 && value >= 0.0).then_some(value);
        let whole = whole.and_then(|whole| whole.abs().to_string().parse().ok());
        self.placeless(Value::Number(whole))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        let mut seed = self.seed;
        while let Some(node) = items.next_element_seed(seed)? {
            seed.after = node.at as usize + 1;
            list.push(node);
        }
        let unit = self.seed.build.unit;
        let at = match list.first() {
            Some(node) => node.at,
            None => unit.empty(self.seed.after, ('[', ']')),
        };
        let value = Value::List(list);
        Ok(Node { at, value })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map: Vec<(Node, Node)> = Vec::new();
        let mut seed = self.seed;
        while let Some(key) = entries.next_key_seed(seed)? {
            seed.after = key.at as usize + 1;
            let value = entries.next_value_seed(seed)?;
            map.push((key, value));
        }
        let unit = self.seed.build.unit;
        let at = match map.first() {
            Some((key, _)) => key.at,
            None => unit.empty(self.seed.after, ('{', '}')),
        };
        let value = Value::Map(map);
        Ok(Node { at, value })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Node, A::Error> {
        let (tag, content) = access.variant_seed(std::marker::PhantomData::<String>)?;
        self.seed.build.spend(&tag)?;
        let node = content.newtype_variant_seed(self.seed)?;
        Ok(Node {
            at: node.at,
            value: Value::Tagged(tag),
        })
    }
}
