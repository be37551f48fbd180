//! Trees as the sandbox serves them, and lists that cannot be trusted.

mod resumed;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use mockito::{Matcher, Server, ServerGuard};
use proptest::prelude::*;
use tokio::runtime;

pub(crate) use super::Nobody;
use super::*;
use crate::frameio::client::Waiting;
use crate::frameio::retry::Retries;
use crate::frameio::token::Token;
use crate::frameio::token_provider::TokenProvider;
use crate::frameio::transport::{Endpoint, Timeouts, Transport};
use crate::sandbox::endpoint::Endpoint as Counted;
use crate::sandbox::seed::Seed;
use crate::sandbox::world::{World, generated_id};
use crate::sandbox::{self, Options, Sandbox};

const ACCOUNT: &str = "00000000-0000-0000-0000-0000000000a1";

fn client_of(url: &str, token: &str) -> Client {
    let token_provider = TokenProvider::ready(Token::new(token).unwrap());
    let endpoint = Endpoint::parse(url).unwrap();
    let transport = Transport::new(endpoint, token_provider, Timeouts::default()).unwrap();
    let retries = Retries {
        tries: 1,
        backoff: Duration::from_millis(1),
        ..Waiting::default().retries
    };
    let waiting = Waiting {
        retries,
        ..Waiting::default()
    };
    Client::new(transport, waiting).in_account(Some(ACCOUNT))
}

/// Keeps what was read, and answers from what it has.
#[derive(Default)]
struct Notes {
    lists: BTreeMap<AssetId, Vec<Shown>>,
    unread: BTreeMap<AssetId, String>,
    known: BTreeMap<AssetId, Vec<Shown>>,
    begun: BTreeMap<AssetId, Vec<ListPart>>,
    pages: Vec<(AssetId, ListPart)>,
    closed: BTreeSet<AssetId>,
}

impl Watch for Notes {
    fn recall(&mut self, of: AssetId) -> Option<Vec<Shown>> {
        self.known.remove(&of)
    }

    fn begun(&mut self, of: AssetId) -> Vec<ListPart> {
        self.begun.remove(&of).unwrap_or_default()
    }

    fn page(&mut self, of: AssetId, page: ListPart) {
        self.pages.push((of, page));
    }

    fn enters(&mut self, _of: AssetId, item: &Shown) -> bool {
        !self.closed.contains(&item.id)
    }

    fn listed(&mut self, of: AssetId, items: &[Shown]) {
        assert!(
            self.lists.insert(of, items.to_vec()).is_none(),
            "listed twice"
        );
    }

    fn unread(&mut self, of: AssetId, why: &str) {
        self.unread.insert(of, why.to_owned());
    }
}

/// A tree: each asset but the first, which is the root folder, with its kind and what it lies in.
#[derive(Debug, Clone)]
pub(crate) struct Planted(pub(crate) Vec<(Kind, usize)>);

impl Planted {
    pub(crate) fn id(number: usize) -> AssetId {
        generated_id(number as u64)
    }

    /// What is in an asset, to the bottom.
    fn contents(&self, top: usize) -> BTreeSet<AssetId> {
        let mut inside = BTreeSet::from([top]);
        for (number, (_, parent)) in self.0.iter().enumerate().skip(1) {
            if inside.contains(parent) {
                inside.insert(number);
            }
        }
        inside.remove(&top);
        inside.into_iter().map(Self::id).collect()
    }

    fn write(&self, number: usize) -> String {
        let (kind, _) = self.0[number];
        let inside = self.0.iter().enumerate().skip(1);
        let inside = inside.filter(|(_, (_, parent))| *parent == number);
        let inside: Vec<String> = inside.map(|(child, _)| self.write(child)).collect();
        let (id, kind) = (Self::id(number), kind.name());
        let children = inside.join(", ");
        format!("{{id: {id}, name: n{number}, type: {kind}, children: [{children}]}}")
    }

    fn seed(&self, rest: &str) -> String {
        let root = Self::id(0);
        let assets = self.0.iter().enumerate().skip(1);
        let assets = assets.filter(|(_, (_, parent))| *parent == 0);
        let assets: Vec<String> = assets.map(|(child, _)| self.write(child)).collect();
        format!(
            "version: 1\n{rest}\naccounts:\n  - id: {ACCOUNT}\n    name: A\n    teams:\n      \
             - id: 00000000-0000-0000-0000-0000000000b1\n        name: T\n        projects:\n          \
             - {{id: 00000000-0000-0000-0000-0000000000c1, name: Tide, root: {root}, assets: [{}]}}\n",
            assets.join(", ")
        )
    }

    pub(crate) async fn serve(&self, rest: &str) -> (Sandbox, Client) {
        let seed = Seed::parse("sandbox.yaml", &self.seed(rest)).unwrap();
        let options = Options {
            log: true,
            ..Options::new(Arc::new(|| Timestamp::UNIX_EPOCH))
        };
        let served = sandbox::serve(World::from_seed(seed), options).await;
        let served = served.unwrap();
        let client = client_of(&served.url(), served.token());
        (served, client)
    }
}

fn planted() -> impl Strategy<Value = Planted> {
    let asset = (0..6_u8, any::<prop::sample::Index>());
    prop::collection::vec(asset, 0..40).prop_map(|assets| {
        let mut all = vec![(Kind::Folder, 0)];
        for (kind, parent) in assets {
            let parent = parent.index(all.len());
            all.push(match (kind, all[parent].0) {
                (_, Kind::VersionStack) | (0..2, Kind::Folder) => (Kind::File, parent),
                (2, Kind::Folder) => (Kind::VersionStack, parent),
                (_, Kind::Folder) => (Kind::Folder, parent),
                (_, Kind::File) => (Kind::File, 0),
            });
        }
        Planted(all)
    })
}

/// What a server does to some of the answers.
const FAULTS: [&str; 8] = [
    "",
    "500=20%@v4_folder_children",
    "garbage=every:3@v4_folder_children+v4_stack_children",
    "403=10%@v4_folder_children",
    "404=every:4@v4_folder_children",
    "cut=25%@v4_stack_children",
    "page/404=15%",
    "429/5ms=30%",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_read_is_what_is_there_or_it_is_unread(tree in planted(), fault in 0..FAULTS.len()) {
        let fault = FAULTS[fault];
        let faults = if fault.is_empty() { String::new() } else { format!("\"{fault}\"") };
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (notes, read) = runtime.block_on(async {
            let (_sandbox, client) = tree.serve(&format!("limits: off\nfaults: {{rules: [{faults}]}}")).await;
            let tops = [(Planted::id(0), Kind::Folder)];
            let mut notes = Notes::default();
            let read = read_tree(&client, tops, Versions::All, &mut notes).await;
            (notes, read.unwrap())
        });
        for (number, (kind, _)) in tree.0.iter().enumerate() {
            let top = Planted::id(number);
            match read.contents(top) {
                Contents::Whole(ids) => {
                    prop_assert_ne!(*kind, Kind::File);
                    prop_assert_eq!(ids.iter().copied().collect::<BTreeSet<_>>(), tree.contents(number));
                }
                Contents::Unread(_) => {
                    prop_assert!(*kind == Kind::File || !matches!(fault, "" | "429/5ms=30%"));
                }
            }
            if let Some(facts) = read.facts.get(&top) {
                prop_assert_eq!(facts.kind, *kind);
                prop_assert_eq!(facts.parent, Some(Planted::id(tree.0[number].1)));
                let name = format!("n{number}");
                prop_assert_eq!(facts.name.as_deref(), Some(name.as_str()));
                prop_assert!(facts.fields.is_some() && facts.creator.is_some());
            }
        }
        let unread: Vec<AssetId> = notes.unread.into_keys().collect();
        let failed = read.lists.iter().filter(|(_, list)| list.is_err());
        prop_assert_eq!(failed.map(|(id, _)| *id).collect::<Vec<_>>(), unread);
        for (of, items) in notes.lists {
            prop_assert_eq!(items.len(), read.lists[&of].as_ref().unwrap().len());
        }
    }
}

/// A root with so many folders in it, each with a file.
fn row(folders: usize) -> Planted {
    let mut all = vec![(Kind::Folder, 0)];
    for _ in 0..folders {
        all.push((Kind::Folder, 0));
        all.push((Kind::File, all.len() - 1));
    }
    Planted(all)
}

#[tokio::test]
async fn each_folder_is_listed_once_by_whichever_limit_is_free() {
    let limits = "limits: {v4_folder_children: 10/60s, v4_folder_files: 5/50ms, \
                  v4_folder_folders: 5/50ms, v4_folder_stacks: 5/50ms}";
    let tree = row(60);
    let (sandbox, client) = tree.serve(limits).await;
    let mut notes = Notes::default();
    let tops = [(Planted::id(0), Kind::Folder)];
    let read = read_tree(&client, tops, Versions::Head, &mut notes).await;
    let Contents::Whole(all) = read.unwrap().contents(Planted::id(0)) else {
        panic!("it was read to its end");
    };
    assert_eq!(all.len(), 120);
    let log = sandbox.log();
    let mut calls: HashMap<Counted, usize> = HashMap::new();
    for request in log.iter().filter(|request| request.status == Some(200)) {
        *calls.entry(request.endpoint.unwrap()).or_default() += 1;
    }
    let of = |endpoint| calls.get(&endpoint).copied().unwrap_or_default();
    let apart = of(Counted::V4FolderFiles);
    assert_eq!(of(Counted::V4FolderChildren) + apart, 61);
    assert_eq!(
        [of(Counted::V4FolderFolders), of(Counted::V4FolderStacks)],
        [apart; 2]
    );
    assert!(apart >= 45, "{apart} of 61");
    assert_eq!(notes.lists.len(), 61);
    // What is recalled is not asked for.
    let mut again = Notes {
        known: notes.lists,
        ..Notes::default()
    };
    let read = read_tree(&client, tops, Versions::Head, &mut again).await;
    assert_eq!(read.unwrap().contents(Planted::id(0)), Contents::Whole(all));
    assert_eq!(sandbox.log().len(), log.len());
}

#[tokio::test]
async fn a_few_folders_take_one_call_each() {
    let (sandbox, client) = row(30).serve("limits: documented").await;
    let tops = [(Planted::id(0), Kind::Folder)];
    let read = read_tree(&client, tops, Versions::All, &mut Notes::default()).await;
    assert_eq!(read.unwrap().lists.len(), 31);
    assert_eq!(sandbox.log().len(), 31);
}

#[tokio::test]
async fn a_folder_that_is_not_entered_is_not_read_and_hides_no_contents() {
    let tree = Planted(vec![
        (Kind::Folder, 0),
        (Kind::Folder, 0),
        (Kind::File, 1),
        (Kind::Folder, 0),
        (Kind::File, 3),
    ]);
    let (sandbox, client) = tree.serve("limits: off").await;
    let mut notes = Notes {
        closed: BTreeSet::from([Planted::id(1)]),
        ..Notes::default()
    };
    let tops = [(Planted::id(0), Kind::Folder)];
    let read = read_tree(&client, tops, Versions::All, &mut notes).await;
    let read = read.unwrap();
    assert_eq!(sandbox.log().len(), 2);
    let whole = |number| matches!(read.contents(Planted::id(number)), Contents::Whole(_));
    assert!(whole(3) && !whole(0) && !whole(1));
}

#[tokio::test]
async fn the_versions_of_stacks_are_read_where_they_are_wanted() {
    let tree = Planted(vec![
        (Kind::Folder, 0),
        (Kind::VersionStack, 0),
        (Kind::File, 1),
        (Kind::File, 1),
    ]);
    let (_sandbox, client) = tree.serve("limits: off").await;
    for (versions, count) in [(Versions::All, 3), (Versions::Head, 1)] {
        let tops = [(Planted::id(0), Kind::Folder)];
        let read = read_tree(&client, tops, versions, &mut Notes::default()).await;
        let read = read.unwrap();
        assert_eq!(read.facts[&Planted::id(1)].head, Some(Planted::id(3)));
        let Contents::Whole(all) = read.contents(Planted::id(0)) else {
            panic!("it was read to its end");
        };
        assert_eq!(all.len(), count);
    }
    let projects = read_projects(&client, None, |_| {}).await.unwrap();
    let project = projects.values().next().unwrap();
    assert_eq!(project.name.as_deref(), Some("Tide"));
    assert_eq!(project.root, Some(Planted::id(0)));
    assert_eq!(project.storage, Some(0));
}

/// A server with these pages, by the folder and the cursor.
async fn pages(pages: &[(usize, &str, String)]) -> ServerGuard {
    let mut server = Server::new_async().await;
    for (of, after, body) in pages {
        let id = Planted::id(*of);
        let after = if after.is_empty() {
            String::new()
        } else {
            format!("&after={after}")
        };
        let path = format!(
            "/v4/accounts/{ACCOUNT}/folders/{id}/children?page_size=500{after}&include_total_count=true&include=creator,project,metadata"
        );
        let mock = server.mock("GET", Matcher::Exact(path)).with_body(body);
        mock.create_async().await;
    }
    server
}

/// A page with these files and folders on it, by number; a folder stands as less than nothing.
fn page(ids: &[i32], rest: &str) -> String {
    let item = |number: &i32| {
        let kind = if *number < 0 { "folder" } else { "file" };
        let id = Planted::id(number.unsigned_abs() as usize);
        format!(r#"{{"id":"{id}","type":"{kind}"}}"#)
    };
    let items: Vec<String> = ids.iter().map(item).collect();
    format!(r#"{{"data":[{}]{rest}}}"#, items.join(","))
}

#[tokio::test]
async fn a_list_that_cannot_be_trusted_is_unread_and_the_rest_is_read() {
    let next = r#","links":{"next":"/v4/x?after=c"}"#;
    let [one, two] = [r#","total_count":1"#, r#","total_count":2"#];
    for (first, second, why) in [
        (page(&[10], next), page(&[10], two), "shows something twice"),
        (page(&[10], next), page(&[11], next), "leads back to a page"),
        (
            page(&[], next),
            page(&[10], one),
            "does not come to its end",
        ),
        (
            page(&[10], two),
            String::new(),
            "as many entries as it says",
        ),
        (
            page(&[10], r#","links":{"next":"/v4/x"}"#),
            String::new(),
            "has no `after`",
        ),
        (
            page(&[10], next),
            page(&[11], two).replace("file", "bundle"),
            "bundle",
        ),
        (page(&[-40], one), String::new(), "leads round in a circle"),
        (page(&[20], one), String::new(), "is in the list of"),
        (
            page(&[10], one).replace(
                r#""type":"file""#,
                &format!(r#""type":"file","parent_id":"{}""#, Planted::id(2)),
            ),
            String::new(),
            "says that it lies elsewhere",
        ),
        // It may be the last page, and may have been cut off behind this asset.
        (page(&[10], ""), String::new(), "`total_count` is missing"),
        (String::new(), String::new(), "ends too early"),
    ] {
        let server = pages(&[
            (40, "", page(&[-1, -2, -3, 4], r#","total_count":4"#)),
            (1, "", first),
            (1, "c", second),
            (2, "", page(&[20], one)),
            (3, "", page(&[30], next)),
            (3, "c", page(&[31], r#","total_count":2"#)),
        ])
        .await;
        let client = client_of(&server.url(), "t");
        let tops = [
            (Planted::id(40), Kind::Folder),
            (Planted::id(3), Kind::Folder),
        ];
        let read = read_tree(&client, tops, Versions::All, &mut Notes::default()).await;
        let read = read.unwrap();
        for top in [40, 1] {
            match read.contents(Planted::id(top)) {
                Contents::Unread(said) => assert!(said.contains(why), "{said} for {why}"),
                Contents::Whole(all) => panic!("{all:?} for {why}"),
            }
        }
        // What two lists show is in neither for certain.
        let is_read = !why.starts_with("is in the list");
        let contents = read.contents(Planted::id(2));
        assert_eq!(matches!(contents, Contents::Whole(_)), is_read, "{why}");
        let whole = [30, 31].map(Planted::id);
        assert_eq!(read.contents(Planted::id(3)), Contents::Whole(whole.into()));
    }
}

#[tokio::test]
async fn after_trouble_in_a_row_nothing_more_is_asked() {
    let rest = "limits: off\nfaults: {rules: [\"500=every:1\"]}";
    let tops = (0..20).map(|number| (Planted::id(number), Kind::Folder));
    let (sandbox, client) = row(20).serve(rest).await;
    let read = read_tree(&client, tops, Versions::All, &mut Notes::default()).await;
    let lists = read.unwrap().lists;
    assert_eq!(lists.len(), 20);
    assert!(lists.values().all(Result::is_err));
    // Three that failed, each asked twice.
    assert_eq!(sandbox.log().len(), 6);
}
