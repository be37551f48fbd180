//! Readings that go on where an earlier one was cut off.

use super::*;

#[tokio::test]
async fn a_list_goes_on_where_it_was_cut_off_unless_it_has_changed() {
    let shown = |numbers: &[i32]| -> Vec<Shown> {
        let show = |number: &i32| Shown {
            id: Planted::id(number.unsigned_abs() as usize),
            facts: Facts::of_kind(Kind::File),
            project: None,
        };
        numbers.iter().map(show).collect()
    };
    let begun = |total, next: Option<&str>| ListPart {
        list: "children".into(),
        lists: 1,
        after: None,
        items: shown(&[10, 11]),
        next: next.map(Arc::from),
        total,
    };
    let count = |total: usize| format!(r#","total_count":{total}"#);
    let next = r#","links":{"next":"/v4/x?after=c"},"total_count":3"#;
    // What was begun, the page behind it, how many pages are heard of, and what is there.
    let anew = [10, 11, 13].as_slice();
    for (begun, second, pages_heard, all) in [
        (
            begun(Some(3), Some("b")),
            page(&[12], &count(3)),
            1,
            &[10, 11, 12][..],
        ),
        // The last page says how many there are.
        (
            begun(None, Some("b")),
            page(&[12], &count(3)),
            1,
            &[10, 11, 12],
        ),
        (begun(None, Some("b")), page(&[12], ""), 2, anew),
        (begun(Some(2), None), String::new(), 0, &[10, 11]),
        // Something went or came meanwhile, is shown twice, or the server takes no such cursor.
        (begun(Some(4), Some("b")), page(&[12], &count(3)), 2, anew),
        (begun(Some(3), Some("b")), page(&[11], &count(3)), 2, anew),
        (begun(Some(4), Some("b")), page(&[12], &count(4)), 2, anew),
        (begun(Some(3), Some("x")), page(&[12], &count(3)), 2, anew),
        (begun(Some(5), None), String::new(), 2, anew),
    ] {
        let server = pages(&[
            (40, "", page(&[10, 11], next)),
            (40, "b", second),
            (40, "c", page(&[13], &count(3))),
        ])
        .await;
        let client = client_of(&server.url(), "t");
        let top = Planted::id(40);
        let mut notes = Notes::default();
        notes.begun.insert(top, vec![begun.clone()]);
        let tops = [(top, Kind::Folder)];
        let read = read_tree(&client, tops, Versions::All, &mut notes).await;
        let mut all: Vec<AssetId> = shown(all).iter().map(|item| item.id).collect();
        all.sort_unstable();
        let contents = read.unwrap().contents(top);
        assert_eq!(contents, Contents::Whole(all.into()), "{begun:?}");
        assert_eq!(notes.pages.len(), pages_heard, "{begun:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// Wherever a reading was cut off, going on finds all, and asks for no page that came before.
    #[test]
    fn whatever_was_read_before_is_not_asked_again(tree in planted(), cut in any::<prop::sample::Index>()) {
        let limits = "limits: {v4_folder_children: 2/20ms, v4_folder_files: 3/20ms, \
                      v4_folder_folders: 3/20ms, v4_folder_stacks: 3/20ms}";
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (sandbox, client) = tree.serve(limits).await;
            let tops = [(Planted::id(0), Kind::Folder)];
            let mut first = Notes::default();
            let whole = read_tree(&client, tops, Versions::All, &mut first).await.unwrap();
            let answered = || sandbox.log().iter().filter(|one| one.status == Some(200)).count();
            let before = answered();
            assert_eq!(first.pages.len(), before);
            first.pages.truncate(cut.index(before));
            let kept = first.pages.len();
            let mut second = Notes::default();
            let mut parts: BTreeMap<AssetId, Vec<ListPart>> = BTreeMap::new();
            for (of, page) in first.pages {
                parts.entry(of).or_default().push(page);
            }
            for (of, begun) in parts {
                if begun.len() == begun[0].lists {
                    let items = begun.into_iter().flat_map(|part| part.items);
                    second.known.insert(of, items.collect());
                } else {
                    second.begun.insert(of, begun);
                }
            }
            let again = read_tree(&client, tops, Versions::All, &mut second).await.unwrap();
            assert_eq!(again, whole);
            // A folder that one list showed before may take three now, and the other way round.
            let ways = second.pages.iter().map(|(_, page)| page.lists);
            let same_way = ways.chain([1]).all(|lists| lists == 1);
            let most = if same_way { before - kept } else { 3 * (before - kept) };
            assert!(answered() - before <= most, "{} after {kept} of {before}", answered() - before);
        });
    }
}
