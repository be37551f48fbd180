//! From the tree of a document to what it lists, and to what is wrong with it.

use std::sync::Arc;

use jiff::Timestamp;

use super::conceal;
use super::date::Reading;
use super::document::{Account, Details, Entry, Guard, Hold, Manifests, Pin, Spot, Waiver};
use super::kind as document_kind;
use super::text::Text;
use super::values::{kind, near, short};
use super::yaml::{Node, Value};
use crate::asset::{AssetId, Kind, account_id};
use crate::diagnostic::Finding;

/// The version of the document that this program reads.
const VERSION: u64 = 1;

/// How many findings of one file are told; nobody reads more.
const MOST: usize = 10_000;

const ROOT: [&str; 6] = [
    "version", "account", "defaults", "assets", "holds", "waivers",
];
const DEFAULTS: [&str; 5] = ["kind", "reason", "ticket", "owner", "not_before"];
const ITEM: [&str; 8] = [
    "id",
    "kind",
    "reason",
    "ticket",
    "owner",
    "not_before",
    "pin",
    "missing",
];
const PIN: [&str; 4] = ["name", "project", "parent", "filesize"];
const HOLD: [&str; 3] = ["id", "reason", "until"];
const WAIVER: [&str; 4] = ["guard", "limit", "reason", "expires"];

/// Takes in what one file says.
#[derive(Debug)]
pub(super) struct Walk<'t, 'a> {
    text: &'t Text<'a>,
    file: u32,
    said: &'t mut Manifests,
    findings: Vec<Finding>,
    /// How many findings were left out.
    more: usize,
    /// Whether one of a manifest's lists was at the top of a document.
    known: bool,
    defaults: Details,
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
    waivers: usize,
    findings: usize,
    more: usize,
    account: bool,
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
            defaults: Details::default(),
            last: [const { None }; 4],
            details: [const { None }; 4],
        }
    }

    /// The findings of the file, in the order of their places. Of a file that is no manifest no
    /// line is shown, and no key: it may be one that nobody meant to show.
    pub(super) fn finish(self) -> Vec<Finding> {
        let Self {
            mut findings,
            more,
            text,
            known,
            ..
        } = self;
        if !findings.is_empty() && !known && !document_kind::has_list(text.all) {
            findings = conceal::concealed(findings);
        }
        findings.sort_by(|one, other| one.place.cmp(&other.place));
        if more > 0 {
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
            waivers: self.said.waivers.len(),
            findings: self.findings.len(),
            more: self.more,
            account: self.said.account.is_some(),
        }
    }

    /// Forgets what was taken in since a mark.
    pub(super) fn back(&mut self, mark: Mark) {
        self.said.entries.truncate(mark.entries);
        self.said.holds.truncate(mark.holds);
        self.said.waivers.truncate(mark.waivers);
        self.findings.truncate(mark.findings);
        self.more = mark.more;
        if !mark.account {
            self.said.account = None;
        }
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

    /// Takes in a document.
    pub(super) fn document(&mut self, root: &Node) {
        if let Some(assets) = self.root(root) {
            self.assets(assets);
        }
    }

    /// Takes in everything of a document but what it lists, which it returns unless the
    /// document is of no use.
    pub(super) fn root<'n>(&mut self, root: &'n Node) -> Option<&'n Node> {
        self.defaults = Details::default();
        self.details = [const { None }; 4];
        let pairs = match &root.value {
            Value::Map(pairs) => pairs,
            Value::Null => {
                let code = "empty-document";
                let message = "the document is empty".to_owned();
                self.hinted(
                    code,
                    root.at,
                    message,
                    "begin with `version: 1`, then list `assets`",
                );
                return None;
            }
            other @ (Value::Bool
            | Value::Number(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Tagged(_)) => {
                let message = format!("a manifest is a mapping, and this is {}", kind(other));
                self.hinted(
                    "wrong-type",
                    root.at,
                    message,
                    "begin with `version: 1`, then list `assets`",
                );
                return None;
            }
        };
        if let Some((at, other)) = other_version(pairs) {
            // Whatever else stands in it may be right in that version.
            let message = format!(
                "this is version {other} of the manifest, and this program knows version {VERSION}"
            );
            self.found("unsupported-version", at, message);
            return None;
        }
        self.known |= pairs.iter().any(
            |(key, _)| matches!(&key.value, Value::Text(name) if document_kind::is_list(name)),
        );
        let [version, account, defaults, assets, holds, waivers] =
            self.fields(pairs, ROOT, "a manifest");
        match version {
            None => {
                let message = "`version` is missing".to_owned();
                self.hinted("missing-field", root.at, message, "begin with `version: 1`");
            }
            Some(node) => match node.value {
                Value::Number(Some(VERSION)) => {}
                Value::Null
                | Value::Bool
                | Value::Number(_)
                | Value::Text(_)
                | Value::List(_)
                | Value::Map(_)
                | Value::Tagged(_) => {
                    self.wrong_type(
                        node,
                        "`version`",
                        "the number 1",
                        Some("write `version: 1`"),
                    );
                }
            },
        }
        if let Some(node) = account {
            self.account(node);
        }
        if let Some(node) = defaults {
            self.defaults(node);
        }
        if assets.is_none() && holds.is_none() && waivers.is_none() {
            let message =
                "nothing is listed: `assets`, `holds` and `waivers` are missing".to_owned();
            let hint = "list what is to go under `assets`; an empty list is `assets: []`";
            self.hinted("missing-field", root.at, message, hint);
        }
        if let Some(node) = holds {
            for item in self.list(node, "`holds`") {
                self.hold(item);
            }
        }
        if let Some(node) = waivers {
            for item in self.list(node, "`waivers`") {
                self.waiver(item);
            }
        }
        assets
    }

    fn assets(&mut self, node: &Node) {
        for item in self.list(node, "`assets`") {
            self.item(item);
        }
    }

    fn account(&mut self, node: &Node) {
        let Some(text) = self.words(node, "`account`") else {
            return;
        };
        let id: Arc<str> = account_id(&text).into();
        match &self.said.account {
            None => {
                let place = self.text.place(node.at as usize);
                self.said.account = Some(Account { id, place });
            }
            Some(first) if first.id == id => {}
            Some(first) => {
                let other = first.place.clone();
                let message = format!(
                    "this account is `{id}`, another document's is `{}`",
                    first.id
                );
                if let Some(found) = self.found("account-conflict", node.at, message) {
                    found.related.push((other, "the other account"));
                    found.hint =
                        Some("one run deletes in one account: split the manifests".to_owned());
                }
            }
        }
    }

    fn defaults(&mut self, node: &Node) {
        let Some(pairs) = self.mapping(node, "`defaults`") else {
            return;
        };
        let [kind, reason, ticket, owner, not_before] = self.fields(pairs, DEFAULTS, "`defaults`");
        self.defaults = Details {
            kind: kind.and_then(|node| self.kind(node)),
            reason: reason.and_then(|node| self.shared(0, node)),
            ticket: ticket.and_then(|node| self.shared(1, node)),
            owner: owner.and_then(|node| self.shared(2, node)),
            not_before: not_before
                .and_then(|node| self.date(node, "`not_before`", Reading::Begins)),
            pin: None,
            missing: None,
        };
    }

    /// Takes in one listed asset.
    pub(super) fn item(&mut self, item: &Node) {
        match &item.value {
            Value::Map(pairs) if pairs.is_empty() => {
                let message = "this asset has no `id`".to_owned();
                self.found("missing-field", item.at, message);
            }
            Value::Map(pairs) => {
                let [id, kind, reason, ticket, owner, not_before, pin, missing] =
                    self.fields(pairs, ITEM, "an asset");
                let details = Details {
                    kind: kind.and_then(|node| self.kind(node)),
                    reason: reason.and_then(|node| self.shared(0, node)),
                    ticket: ticket.and_then(|node| self.shared(1, node)),
                    owner: owner.and_then(|node| self.shared(2, node)),
                    not_before: not_before
                        .and_then(|node| self.date(node, "`not_before`", Reading::Begins)),
                    pin: pin.and_then(|node| self.pin(node)),
                    missing: missing.and_then(|node| self.missing(node)),
                };
                let Some(node) = id else {
                    let message = "this asset has no `id`".to_owned();
                    self.hinted("missing-field", item.at, message, "add `id: ` and its id");
                    return;
                };
                if let Some(id) = self.id(node, "`id`") {
                    let spot = self.spot(node.at);
                    self.entry(id, spot, details);
                }
            }
            Value::Text(_) => {
                if let Some(id) = self.id(item, "an asset") {
                    let spot = self.spot(item.at);
                    self.entry(id, spot, Details::default());
                }
            }
            Value::Null | Value::Bool | Value::Number(_) | Value::List(_) | Value::Tagged(_) => {
                let hint = "write the asset's id, or a mapping with `id`";
                self.wrong_type(item, "an asset", "its id or a mapping", Some(hint));
            }
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
            pin: None,
            missing: None,
        };
        let file = self.file;
        self.entry(id, Spot { file, line, column }, details);
    }

    fn entry(&mut self, id: AssetId, spot: Spot, said: Details) {
        let or =
            |said: Option<Arc<str>>, default: &Option<Arc<str>>| said.or_else(|| default.clone());
        let details = Details {
            kind: said.kind.or(self.defaults.kind),
            reason: or(said.reason, &self.defaults.reason),
            ticket: or(said.ticket, &self.defaults.ticket),
            owner: or(said.owner, &self.defaults.owner),
            not_before: said.not_before.or(self.defaults.not_before),
            pin: said.pin,
            missing: said.missing,
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

    fn pin(&mut self, node: &Node) -> Option<Pin> {
        let pairs = self.mapping(node, "`pin`")?;
        if pairs.is_empty() {
            let message = "this pin says nothing".to_owned();
            let hint = "say what the asset must be like, or remove `pin`";
            self.hinted("missing-field", node.at, message, hint);
            return None;
        }
        let [name, project, parent, filesize] = self.fields(pairs, PIN, "a pin");
        Some(Pin {
            name: name.and_then(|node| self.shared(3, node)),
            project: project.and_then(|node| self.id(node, "`project`")),
            parent: parent.and_then(|node| self.id(node, "`parent`")),
            filesize: filesize.and_then(|node| self.whole(node, "`filesize`", "the size in bytes")),
        })
    }

    fn hold(&mut self, node: &Node) {
        let Some(pairs) = self.mapping(node, "a hold") else {
            return;
        };
        let [id, reason, until] = self.fields(pairs, HOLD, "a hold");
        self.required(node, "this hold", [("id", id), ("reason", reason)]);
        let until = until.map(|node| self.date(node, "`until`", Reading::Ends));
        let reason = reason.and_then(|node| self.shared(0, node));
        let Some((node, id)) = id.and_then(|node| Some((node, self.id(node, "`id`")?))) else {
            return;
        };
        if let Some(reason) = reason
            && until != Some(None)
        {
            let spot = self.spot(node.at);
            self.said.holds.push(Hold {
                id,
                spot,
                reason,
                until: until.flatten(),
            });
        }
    }

    fn waiver(&mut self, node: &Node) {
        let Some(pairs) = self.mapping(node, "a waiver") else {
            return;
        };
        let [guard, limit, reason, expires] = self.fields(pairs, WAIVER, "a waiver");
        self.required(
            node,
            "this waiver",
            [
                ("guard", guard),
                ("limit", limit),
                ("reason", reason),
                ("expires", expires),
            ],
        );
        let spot = guard.map(|node| self.spot(node.at));
        let guard = guard.and_then(|node| self.guard(node));
        let limit = limit.and_then(|node| self.whole(node, "`limit`", "a whole number"));
        let reason = reason.and_then(|node| self.shared(0, node));
        let expires = expires.and_then(|node| self.date(node, "`expires`", Reading::Expires));
        if let (Some(spot), Some(guard), Some(limit), Some(reason), Some(expires)) =
            (spot, guard, limit, reason, expires)
        {
            self.said.waivers.push(Waiver {
                guard,
                spot,
                limit,
                reason,
                expires,
            });
        }
    }

    fn kind(&mut self, node: &Node) -> Option<Kind> {
        let name = self.words(node, "`kind`")?;
        let known = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        if known.is_none() {
            let hint = near(&name, &Kind::ALL.map(Kind::name), "the kinds are");
            let message = format!("there is no kind `{}`", short(&name));
            self.hinted("unknown-kind", node.at, message, hint);
        }
        known
    }

    fn guard(&mut self, node: &Node) -> Option<Guard> {
        let name = self.words(node, "`guard`")?;
        let known = Guard::ALL.into_iter().find(|guard| guard.name() == name);
        if known.is_none() {
            let hint = near(&name, &Guard::ALL.map(Guard::name), "the guards are");
            self.hinted(
                "unknown-guard",
                node.at,
                format!("there is no guard `{name}`"),
                hint,
            );
        }
        known
    }

    /// The line of a byte, from 1.
    pub(super) fn line_of(&self, at: usize) -> u32 {
        self.text.position(at).0
    }

    fn spot(&self, at: u32) -> Spot {
        let (line, column) = self.text.position(at as usize);
        Spot {
            file: self.file,
            line,
            column,
        }
    }
}

/// The version that a document names, and where, if it is not this program's.
fn other_version(pairs: &[(Node, Node)]) -> Option<(u32, u64)> {
    let is_version = |key: &Node| matches!(&key.value, Value::Text(name) if name == "version");
    let (_, node) = pairs.iter().find(|(key, _)| is_version(key))?;
    match node.value {
        Value::Number(Some(version)) => (version != VERSION).then_some((node.at, version)),
        Value::Null
        | Value::Bool
        | Value::Number(None)
        | Value::Text(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Tagged(_) => None,
    }
}
