//! From the tree of a document to what it lists, and to what is wrong with it.

use std::sync::Arc;

use super::date::Reading;
use super::document::{Account, Details, Hold, Pin, Release, Spot, Waiver};
use super::kind::{is_list, is_near};
use super::walk::{BEGIN, Walk, kind, short};
use super::yaml::{Node, Value};
use crate::asset::AssetId;
use crate::asset::written::{self, Written};
use crate::event::Subject;

/// The version of the document that this program reads.
const VERSION: u64 = 1;

const ROOT: [&str; 9] = [
    "version", "account", "projects", "defaults", "assets", "holds", "releases", "waivers",
    "$schema",
];
const DEFAULTS: [&str; 6] = [
    "kind",
    "reason",
    "ticket",
    "owner",
    "not_before",
    "strategy",
];
const ITEM: [&str; 10] = [
    "id",
    "kind",
    "reason",
    "ticket",
    "owner",
    "not_before",
    "pin",
    "contents",
    "missing",
    "again",
];
const PIN: [&str; 5] = ["name", "project", "parent", "filesize", "updated_before"];
const HOLD: [&str; 4] = ["id", "project", "reason", "until"];
const RELEASE: [&str; 4] = ["id", "project", "reason", "ticket"];
const WAIVER: [&str; 5] = ["guard", "limit", "project", "reason", "expires"];

impl Walk<'_, '_> {
    /// Takes in a document.
    pub(super) fn document(&mut self, root: &Node) {
        if let Some(assets) = self.root(root) {
            self.assets(assets);
        }
    }

    /// Takes in everything of a document but what it lists, which it returns unless the
    /// document is of no use.
    pub(super) fn root<'n>(&mut self, root: &'n Node) -> Option<&'n Node> {
        self.begin();
        if root.value == Value::Null {
            // A file may end with `---`; one with nothing else in it is told at its end.
            self.empty.get_or_insert(root.at);
            return None;
        }
        self.says_something = true;
        let Some(pairs) = root.pairs() else {
            let found = kind(&root.value);
            let message = format!("a manifest is a mapping, and this is {found}");
            self.hinted("wrong-type", root.at, message, BEGIN);
            return None;
        };
        if let Some((at, other)) = other_version(pairs) {
            let is_digest = |node: &Node| node.text().is_some_and(|id| id.starts_with("sha256:"));
            let is_id = |(key, id): &(Node, Node)| key.text() == Some("id") && is_digest(id);
            if pairs.iter().any(is_id) {
                let message = "this is a saved plan that another program has written anew";
                let hint = "save it again with `retire plan --out`, and leave the file as it is";
                self.hinted("unsupported-version", at, message.to_owned(), hint);
                return None;
            }
            // Whatever else stands in it may be right in that version.
            let message = format!(
                "this is version {other} of the manifest, and this program knows version {VERSION}"
            );
            self.found("unsupported-version", at, message);
            return None;
        }
        let mut keys = pairs.iter().filter_map(|(key, _)| key.text());
        self.known |= keys.any(is_list);
        let [
            version,
            account,
            projects,
            defaults,
            assets,
            holds,
            releases,
            waivers,
            schema,
        ] = self.fields(pairs, ROOT, "a manifest");
        match version {
            None => {
                let message = "`version` is missing".to_owned();
                self.hinted("missing-field", root.at, message, "begin with `version: 1`");
            }
            Some(node) if node.value != Value::Number(Some(VERSION)) => {
                let hint = Some("write `version: 1`");
                self.wrong_type(node, "`version`", "the number 1", hint);
            }
            Some(_) => {}
        }
        if let Some(node) = schema.filter(|node| node.text().is_none()) {
            self.wrong_type(node, "`$schema`", "text", None);
        }
        if let Some(node) = account {
            self.account(node);
        }
        if let Some(node) = defaults {
            self.defaults(node);
        }
        if let Some(node) = projects {
            self.projects(node);
        }
        // A misspelt list is told as that.
        let mut names = pairs.iter().filter_map(|(key, _)| key.text());
        let misspelt = names.any(|name| !is_list(name) && is_near(name));
        let lists = [assets, holds, releases, waivers];
        if lists.iter().all(Option::is_none) && !misspelt {
            let message =
                "nothing is listed: `assets`, `holds`, `releases` and `waivers` are missing"
                    .to_owned();
            let hint = "list what is to go under `assets`; an empty list is `assets: []`";
            self.hinted("missing-field", root.at, message, hint);
        }
        if let Some(node) = holds {
            for item in self.list(node, "`holds`") {
                self.hold(item);
            }
        }
        if let Some(node) = releases {
            for item in self.list(node, "`releases`") {
                self.release(item);
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
        let Some(text) = node.text() else {
            let quotes = matches!(node.value, Value::Number(_)).then_some("put it in quotes");
            self.wrong_type(node, "`account`", "an id", quotes);
            return;
        };
        let Ok(id) = written::parse_id(text) else {
            let message = format!("`{}` is not the id of an account", short(text));
            let hint = "write the account's id; `retire whoami` shows the accounts of a token";
            self.hinted("bad-id", node.at, message, hint);
            return;
        };
        let id: Arc<str> = id.to_string().into();
        match &self.said.account {
            None => {
                let place = self.text().place(node.at as usize);
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

    /// Takes in the projects outside of which nothing is deleted.
    fn projects(&mut self, node: &Node) {
        let items = self.list(node, "`projects`");
        if matches!(&node.value, Value::List(items) if items.is_empty()) {
            let message = "`projects` is empty, so nothing could be deleted".to_owned();
            let hint = "name the projects, or leave the field out";
            self.hinted("missing-field", node.at, message, hint);
        }
        let ids: Vec<AssetId> = items
            .iter()
            .filter_map(|item| self.id(item, "a project"))
            .collect();
        if !ids.is_empty() {
            self.said.projects.extend(&ids);
            self.defaults.projects = Some(ids.into());
        }
    }

    fn defaults(&mut self, node: &Node) {
        let Some(pairs) = self.mapping(node, "`defaults`") else {
            return;
        };
        let [kind, reason, ticket, owner, not_before, strategy] =
            self.fields(pairs, DEFAULTS, "`defaults`");
        self.defaults = Details {
            strategy: strategy.and_then(|node| self.strategy(node)),
            ..self.details([kind, reason, ticket, owner, not_before])
        };
    }

    /// What an asset may say as well as `defaults`.
    fn details(
        &mut self,
        [kind, reason, ticket, owner, not_before]: [Option<&Node>; 5],
    ) -> Details {
        Details {
            kind: kind.and_then(|node| self.kind(node)),
            reason: reason.and_then(|node| self.shared(0, node)),
            ticket: ticket.and_then(|node| self.shared(1, node)),
            owner: owner.and_then(|node| self.shared(2, node)),
            not_before: not_before
                .and_then(|node| self.date(node, "`not_before`", Reading::Begins)),
            ..Details::default()
        }
    }

    /// Takes in one listed asset.
    pub(super) fn item(&mut self, item: &Node) {
        if item.text().is_some() {
            if let Some(written) = self.written(item, "an asset") {
                let spot = self.spot(item.at);
                self.entry(written.id, spot, Details::default().pinned(written.project));
            }
            return;
        }
        let Some(pairs) = item.pairs() else {
            let hint = match item.value {
                Value::Number(_) => "put an id that is all digits in quotes",
                Value::Null
                | Value::Bool(_)
                | Value::Text(_)
                | Value::List(_)
                | Value::Map(_)
                | Value::Tagged(_) => "write the asset's id, or a mapping with `id`",
            };
            self.wrong_type(item, "an asset", "its id or a mapping", Some(hint));
            return;
        };
        if let [
            (
                key,
                Node {
                    value: Value::Null, ..
                },
            ),
        ] = pairs
            && key
                .text()
                .is_some_and(|text| written::parse_id(text).is_ok())
        {
            let message = "in YAML these braces make a mapping, not an id".to_owned();
            self.hinted(
                "bad-id",
                key.at,
                message,
                "put the id in quotes, with its braces",
            );
            return;
        }
        let no_id = || "this asset has no `id`".to_owned();
        if pairs.is_empty() {
            self.found("missing-field", item.at, no_id());
            return;
        }
        let [
            id,
            kind,
            reason,
            ticket,
            owner,
            not_before,
            pin,
            contents,
            missing,
            again,
        ] = self.fields(pairs, ITEM, "an asset");
        let details = Details {
            pin: pin.and_then(|node| self.pin(node)),
            contents: contents.and_then(|node| self.whole(node, "`contents`", "a number of files")),
            missing: missing.and_then(|node| self.missing(node)),
            again: again.is_some_and(|node| self.yes(node, "`again`")),
            ..self.details([kind, reason, ticket, owner, not_before])
        };
        let Some(node) = id else {
            self.hinted("missing-field", item.at, no_id(), "add `id: ` and its id");
            return;
        };
        let Some(Written { id, project }) = self.written(node, "`id`") else {
            return;
        };
        let pinned_to = details.pin.as_ref().and_then(|pin| pin.project);
        if let Some((address, pin)) = project.zip(pinned_to).filter(|(one, other)| one != other) {
            let message =
                format!("this address lies in the project `{address}`, and the pin names `{pin}`");
            let hint = "remove `project` from the pin, or correct one of the two";
            self.hinted("project-conflict", node.at, message, hint);
            return;
        }
        let spot = self.spot(node.at);
        self.entry(id, spot, details.pinned(project));
    }

    fn pin(&mut self, node: &Node) -> Option<Pin> {
        let pairs = self.mapping(node, "`pin`")?;
        if pairs.is_empty() {
            let message = "this pin says nothing".to_owned();
            let hint = "say what the asset must be like, or remove `pin`";
            self.hinted("missing-field", node.at, message, hint);
            return None;
        }
        let [name, project, parent, filesize, updated_before] = self.fields(pairs, PIN, "a pin");
        Some(Pin {
            name: name.and_then(|node| self.shared(3, node)),
            project: project.and_then(|node| self.id(node, "`project`")),
            parent: parent.and_then(|node| self.id(node, "`parent`")),
            filesize: filesize.and_then(|node| self.whole(node, "`filesize`", "the size in bytes")),
            updated_before: updated_before
                .and_then(|node| self.date(node, "`updated_before`", Reading::Changed)),
        })
    }

    fn hold(&mut self, node: &Node) {
        if node.text().is_some() {
            let hint = "a hold says why: write `- {id: …, reason: …}`";
            self.wrong_type(node, "a hold", "a mapping", Some(hint));
            return;
        }
        let Some(pairs) = self.mapping(node, "a hold") else {
            return;
        };
        let [id, project, reason, until] = self.fields(pairs, HOLD, "a hold");
        let subject = self.subject(node, "this hold", id, project);
        self.required(node, "this hold", [("reason", reason)]);
        let until = until.map(|node| self.date(node, "`until`", Reading::Ends));
        let reason = reason.and_then(|node| self.shared(0, node));
        if let Some((id, spot, is_project)) = subject
            && let Some(reason) = reason
            && until != Some(None)
        {
            let hold = Hold {
                id,
                spot,
                reason,
                until: until.flatten(),
            };
            if is_project {
                self.said.project_holds.push(hold);
            } else {
                self.said.holds.push(hold);
            }
        }
    }

    fn release(&mut self, node: &Node) {
        if node.text().is_some() {
            let hint = "a release says why: write `- {id: …, reason: …}`";
            self.wrong_type(node, "a release", "a mapping", Some(hint));
            return;
        }
        let Some(pairs) = self.mapping(node, "a release") else {
            return;
        };
        let [id, project, reason, ticket] = self.fields(pairs, RELEASE, "a release");
        let subject = self.subject(node, "this release", id, project);
        self.required(node, "this release", [("reason", reason)]);
        let hint = "write who decided that it is held no longer, and why";
        let reason = reason.and_then(|node| self.said_why(node, hint));
        let ticket = ticket.and_then(|node| self.shared(1, node));
        if let (Some((id, spot, is_project)), Some(reason)) = (subject, reason) {
            let held = if is_project {
                Subject::Project(id)
            } else {
                Subject::Asset(id)
            };
            self.said.releases.push(Release {
                held,
                spot,
                reason,
                ticket,
            });
        }
    }

    /// The asset or the project that something is about, where its id stands, and whether it is
    /// a project.
    fn subject(
        &mut self,
        of: &Node,
        what: &str,
        id: Option<&Node>,
        project: Option<&Node>,
    ) -> Option<(AssetId, Spot, bool)> {
        match (id, project) {
            (None, None) => {
                let message = format!("{what} has neither `id` nor `project`");
                let hint = "name the asset by `id`, or the project by `project`";
                self.hinted("missing-field", of.at, message, hint);
                None
            }
            (Some(_), Some(other)) => {
                let message = format!("{what} has both `id` and `project`");
                let hint = "write two: one for the asset, and one for the project";
                self.hinted("two-fields", other.at, message, hint);
                None
            }
            (Some(node), None) => {
                let Written { id, .. } = self.written(node, "`id`")?;
                Some((id, self.spot(node.at), false))
            }
            (None, Some(node)) => {
                let id = self.id(node, "`project`")?;
                Some((id, self.spot(node.at), true))
            }
        }
    }

    fn waiver(&mut self, node: &Node) {
        let Some(pairs) = self.mapping(node, "a waiver") else {
            return;
        };
        let [guard, limit, project, reason, expires] = self.fields(pairs, WAIVER, "a waiver");
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
        let limit = guard.zip(limit);
        let limit = limit.and_then(|(guard, node)| self.limit(node, guard));
        let hint = "write why this may be, for whoever reads it in a year";
        let reason = reason.and_then(|node| self.said_why(node, hint));
        let expires = expires.and_then(|node| self.date(node, "`expires`", Reading::Expires));
        let in_project = project.map(|node| self.words(node, "`project`"));
        if let (Some(guard), Some(node)) = (guard, project)
            && !guard.is_per_project()
        {
            let message = format!("`{}` looks at a run as a whole", guard.name());
            self.hinted("unknown-field", node.at, message, "leave `project` out");
            return;
        }
        if let (Some(spot), Some(guard), Some(limit), Some(reason), Some(expires)) =
            (spot, guard, limit, reason, expires)
            && in_project != Some(None)
        {
            self.said.waivers.push(Waiver {
                guard,
                project: in_project.flatten().map(Arc::from),
                spot,
                limit,
                reason,
                expires,
            });
        }
    }
}

/// The version that a document names, and where, if it is not this program's.
fn other_version(pairs: &[(Node, Node)]) -> Option<(u32, u64)> {
    let is_version = |(key, _): &&(Node, Node)| key.text() == Some("version");
    let (_, node) = pairs.iter().find(is_version)?;
    if let Value::Number(Some(version)) = node.value
        && version != VERSION
    {
        return Some((node.at, version));
    }
    None
}
