//! What one file says as it is taken in, and what is wrong with it.

use std::sync::Arc;

use jiff::Timestamp;

use super::conceal;
use super::document::{Details, Entry, Manifests, Spot};
use super::kind as document_kind;
use super::text::{Text, number};
use super::yaml::{Node, Refusal, Value};
use crate::asset::{AssetId, Kind};
use crate::diagnostic::Finding;

/// What to do where no manifest begins.
pub(super) const BEGIN: &str = "begin with `version: 1`, then list `assets`";

/// How many findings of one file are told; nobody reads more.
const MOST: usize = 10_000;

/// Takes in what one file says.
#[derive(Debug)]
pub(super) struct Walk<'t, 'a> {
    text: &'t Text<'a>,
    file: u32,
    pub(super) said: &'t mut Manifests,
    findings: Vec<Finding>,
    /// How many findings were left out.
    more: usize,
    /// Whether one of a manifest's lists was at the top of a document.
    pub(super) known: bool,
    /// Where the first document is that has nothing in it.
    pub(super) empty: Option<u32>,
    /// Whether there is another document.
    pub(super) says_something: bool,
    pub(super) defaults: Details,
    /// Neighbours mostly have the same texts.
    last: [Option<Arc<str>>; 4],
    /// The last ones of each kind, and of none.
    details: [Option<Arc<Details>>; 4],
}

/// How far a walk had come, to go back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    entries: usize,
    holds: usize,
    project_holds: usize,
    releases: usize,
    waivers: usize,
    cut: usize,
    findings: usize,
    more: usize,
    account: bool,
    projects: usize,
}

/// The texts of an item that holds nothing unusual.
#[derive(Debug, Default)]
pub(super) struct Plain<'a> {
    pub(super) kind: Option<Kind>,
    pub(super) reason: Option<&'a str>,
    pub(super) ticket: Option<&'a str>,
    pub(super) owner: Option<&'a str>,
    pub(super) not_before: Option<Timestamp>,
}

impl<'t, 'a> Walk<'t, 'a> {
    pub(super) fn new(text: &'t Text<'a>, file: u32, said: &'t mut Manifests) -> Self {
        Self {
            text,
            file,
            said,
            findings: Vec::new(),
            more: 0,
            known: false,
            empty: None,
            says_something: false,
            defaults: Details::default(),
            last: [const { None }; 4],
            details: [const { None }; 4],
        }
    }

    /// The findings of the file, in the order of their places. Of a file that is no manifest no
    /// line is shown, and no key: it may be one that nobody meant to show.
    pub(super) fn finish(mut self) -> Vec<Finding> {
        if let Some(at) = self.empty.filter(|_| !self.says_something) {
            let message = "the document is empty".to_owned();
            self.hinted("empty-document", at, message, BEGIN);
        }
        let (mut findings, text) = (self.findings, self.text);
        let all = text.all;
        let shows = document_kind::has_version(all) && (self.known || document_kind::has_list(all));
        if !shows {
            findings = conceal::concealed(findings);
        }
        findings.sort_by(|one, other| one.place.cmp(&other.place));
        if self.more > 0 {
            let more = self.more;
            let message = format!("{more} more findings in this file are not shown");
            let mut last = text.finding("too-many", text.all.len(), message);
            last.snippet = None;
            findings.push(last);
        }
        findings
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            entries: self.said.entries.len(),
            holds: self.said.holds.len(),
            project_holds: self.said.project_holds.len(),
            releases: self.said.releases.len(),
            waivers: self.said.waivers.len(),
            cut: self.said.cut.len(),
            findings: self.findings.len(),
            more: self.more,
            account: self.said.account.is_some(),
            projects: self.said.projects.len(),
        }
    }

    /// Forgets what was taken in since a mark.
    pub(super) fn back(&mut self, mark: Mark) {
        self.said.entries.truncate(mark.entries);
        self.said.holds.truncate(mark.holds);
        self.said.project_holds.truncate(mark.project_holds);
        self.said.releases.truncate(mark.releases);
        self.said.waivers.truncate(mark.waivers);
        self.said.cut.truncate(mark.cut);
        self.said.projects.truncate(mark.projects);
        self.findings.truncate(mark.findings);
        self.more = mark.more;
        if !mark.account {
            self.said.account = None;
        }
        self.begin();
    }

    /// Forgets the defaults of the document before.
    pub(super) fn begin(&mut self) {
        self.defaults = Details::default();
        self.details = [const { None }; 4];
    }

    pub(super) const fn text(&self) -> &'t Text<'a> {
        self.text
    }

    pub(super) fn found(
        &mut self,
        code: &'static str,
        at: u32,
        message: String,
    ) -> Option<&mut Finding> {
        if self.findings.len() >= MOST {
            self.more += 1;
            return None;
        }
        let finding = self.text.finding(code, at as usize, message);
        self.findings.push(finding);
        self.findings.last_mut()
    }

    pub(super) fn hinted(
        &mut self,
        code: &'static str,
        at: u32,
        message: String,
        hint: impl Into<String>,
    ) {
        if let Some(found) = self.found(code, at, message) {
            found.hint = Some(hint.into());
        }
    }

    /// Makes room for so many assets at most; what is not used is never touched.
    pub(super) fn expect(&mut self, assets: usize) {
        self.said.entries.reserve(assets);
    }

    /// Takes in an asset whose item has nothing unusual.
    pub(super) fn plain(&mut self, id: AssetId, line: u32, column: u32, plain: &Plain<'_>) {
        let details = Details {
            kind: plain.kind,
            reason: plain.reason.map(|text| self.share(0, text)),
            ticket: plain.ticket.map(|text| self.share(1, text)),
            owner: plain.owner.map(|text| self.share(2, text)),
            not_before: plain.not_before,
            ..Details::default()
        };
        let file = self.file;
        self.entry(id, Spot { file, line, column }, details);
    }

    pub(super) fn entry(&mut self, id: AssetId, spot: Spot, said: Details) {
        let or =
            |said: Option<Arc<str>>, default: &Option<Arc<str>>| said.or_else(|| default.clone());
        let details = Details {
            kind: said.kind.or(self.defaults.kind),
            reason: or(said.reason, &self.defaults.reason),
            ticket: or(said.ticket, &self.defaults.ticket),
            owner: or(said.owner, &self.defaults.owner),
            not_before: said.not_before.or(self.defaults.not_before),
            pin: said.pin,
            contents: said.contents,
            missing: said.missing,
            again: said.again,
            strategy: self.defaults.strategy,
            projects: self.defaults.projects.clone(),
        };
        let details = if details == Details::default() {
            None
        } else {
            let last = &mut self.details[details.kind.map_or(0, |kind| kind as usize + 1)];
            if last.as_deref() != Some(&details) {
                *last = Some(Arc::new(details));
            }
            last.clone()
        };
        self.said.entries.push(Entry { id, spot, details });
    }

    pub(super) fn share(&mut self, slot: usize, text: &str) -> Arc<str> {
        match &self.last[slot] {
            Some(last) if **last == *text => Arc::clone(last),
            Some(_) | None => {
                let new: Arc<str> = text.into();
                self.last[slot] = Some(Arc::clone(&new));
                new
            }
        }
    }

    /// The line of a byte, from 1.
    pub(super) fn line_of(&self, at: usize) -> u32 {
        self.text.position(at).0
    }

    /// Takes in what the parser refused.
    pub(super) fn refusal(&mut self, refusal: Refusal) {
        let at = refusal.at;
        let rest = &self.text.all[at.min(self.text.all.len())..];
        let mut places = [Some(at), refusal.context].into_iter().flatten();
        let hint = if self.tab_before(at) {
            Some("YAML takes no tab for indentation: use spaces")
        } else if places.any(|at| self.has_odd_indentation(at)) {
            Some("the line begins with a blank that is none of the keyboard: use plain spaces")
        } else {
            hint_for(refusal.code, &refusal.message, rest)
        };
        let began = refusal.context.map(|context| self.text.place(context));
        if let Some(found) = self.found(refusal.code, number(at), refusal.message) {
            found.hint = hint.map(str::to_owned);
            found
                .related
                .extend(began.map(|place| (place, "it begins here")));
        }
    }

    /// Whether a tab stands in the white space around a byte.
    fn tab_before(&self, at: usize) -> bool {
        let bytes = self.text.all.as_bytes();
        let at = at.min(bytes.len());
        let blank = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'-');
        let before = bytes[..at].iter().rev().take_while(blank);
        let after = bytes[at..].iter().take_while(blank);
        before.chain(after).any(|byte| *byte == b'\t')
    }

    /// Whether the line of a byte begins with a blank that YAML takes for a letter.
    fn has_odd_indentation(&self, at: usize) -> bool {
        let all = &self.text.all;
        let before = all.get(..at).unwrap_or_default();
        let begin = before.rfind('\n').map_or(0, |end| end + 1);
        let mut blanks = all[begin..].chars().take_while(|one| one.is_whitespace());
        blanks.any(|blank| !blank.is_ascii())
    }

    pub(super) fn wrong_type(&mut self, node: &Node, name: &str, wanted: &str, hint: Option<&str>) {
        if let Value::Tagged(tag) = &node.value {
            let message = format!("the tag `!{}` means nothing here", short(tag));
            self.hinted("wrong-type", node.at, message, "remove the tag");
            return;
        }
        let message = format!("{name} must be {wanted}, and this is {}", kind(&node.value));
        if let Some(found) = self.found("wrong-type", node.at, message) {
            found.hint = hint.map(str::to_owned);
        }
    }

    pub(super) fn spot(&self, at: u32) -> Spot {
        let (line, column) = self.text.position(at as usize);
        Spot {
            file: self.file,
            line,
            column,
        }
    }
}

pub(super) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::Text(_) => "text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
        Value::Tagged(_) => "tagged",
    }
}

/// The beginning of a text, for a message.
pub(super) fn short(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn hint_for(code: &str, message: &str, rest: &str) -> Option<&'static str> {
    let has = |part: &str| message.contains(part);
    if code == "too-deep" {
        return Some("a manifest needs no more than a list of mappings");
    }
    if code == "too-large" {
        return Some("list each asset once, without aliases");
    }
    if has("has no anchor") {
        return Some("to begin a text with `*`, put it in quotes");
    }
    if has("quoted scalar") {
        return Some("a quote is opened and never closed, or an escape in it is unknown");
    }
    if has("flow sequence") || has("flow mapping") {
        return Some("a bracket is opened and never closed, or a comma is missing");
    }
    if has("mapping values are not allowed") {
        return Some("put text with `: ` in it in quotes, or look at the indentation");
    }
    if rest.starts_with(['@', '`', '%']) {
        return Some("put text that begins like this in quotes");
    }
    if has("did not find expected") || has("could not find expected") {
        return Some("look at the indentation: items of one list begin in one column");
    }
    None
}
