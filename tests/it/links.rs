//! Links are followed inside the project, and nothing is shown of what is no document of ours.
#![cfg(unix)]

use std::os::unix::fs::symlink;

use crate::harness::{Desk, Done};

const A: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const B: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
const SECRET: &str = "fio-u-hushhush";

fn link(desk: &Desk, target: &str, name: &str) {
    let path = desk.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    symlink(target, path).unwrap();
}

/// A project in a git repository, and a secret beside the repository.
fn project() -> Desk {
    let desk = Desk::new();
    desk.write("repo/.git/HEAD", "ref: refs/heads/main\n");
    desk.write("repo/p/retire.toml", "version = 1\n");
    desk.write(
        "repo/p/retire.yaml",
        format!("version: 1\nassets: [{A}, {B}]\n"),
    );
    desk.write("outside/token", format!("{SECRET}\n"));
    desk.write(
        "outside/creds.yaml",
        format!("version: 1\npassword: {SECRET}\n"),
    );
    desk.write(
        "outside/seed.yaml",
        format!("version: 1\naccounts: {SECRET}\n"),
    );
    desk
}

fn run(desk: &Desk, arguments: &[&str]) -> Done {
    let done = desk.run_with(&[("FRAMEIO_TOKEN", SECRET)], arguments);
    assert!(!done.out.contains("hush"), "{arguments:?}: {}", done.out);
    assert!(!done.err.contains("hush"), "{arguments:?}: {}", done.err);
    done
}

#[test]
fn links_inside_the_repository_are_followed_and_loops_end() {
    let desk = project();
    desk.write(
        "repo/shared/legal/hold.yaml",
        format!("version: 1\nholds: [{{id: {A}, reason: legal}}]\n"),
    );
    link(&desk, "../../shared/legal", "repo/p/manifests/legal");
    link(&desk, "..", "repo/shared/legal/up");
    link(&desk, "../manifests", "repo/p/manifests/again");
    // Without a token, since nobody is there to be asked.
    let done = desk.run(&["plan", "repo/p/retire.yaml"]).expect(0);
    assert!(
        done.out.starts_with("Plan: 1 to retire · 1 held"),
        "{}",
        done.out
    );
    // A link to the whole folder is as good as the folder.
    std::fs::remove_dir_all(desk.path("repo/p/manifests")).unwrap();
    link(&desk, "../shared/legal", "repo/p/manifests");
    let done = desk.run(&["plan", "repo/p"]).expect(0);
    assert!(
        done.out.starts_with("Plan: 1 to retire · 1 held"),
        "{}",
        done.out
    );
}

#[test]
fn a_link_that_leaves_the_repository_is_refused_named_or_found() {
    for (target, name, arguments) in [
        (
            "../../../outside/token",
            "repo/p/manifests/t.yaml",
            &["plan", "repo/p"][..],
        ),
        (
            "../../../outside/token",
            "repo/p/manifests/t.yaml",
            &["validate", "repo/p/manifests/t.yaml"],
        ),
        (
            "/proc/self/environ",
            "repo/p/manifests/e.json",
            &["validate", "repo/p/retire.yaml"],
        ),
        (
            "../../outside",
            "repo/p/manifests",
            &["plan", "repo/p/retire.yaml"],
        ),
        (
            "../../outside",
            "repo/p/manifests",
            &["plan", "repo/p/manifests"],
        ),
        (
            "../../outside",
            "repo/p/manifests",
            &["plan", "repo/p/manifests/creds.yaml"],
        ),
        (
            "../../outside/seed.yaml",
            "repo/p/sandbox.yaml",
            &["apply", "--sandbox", "repo/p/retire.yaml"],
        ),
        (
            "../../outside/seed.yaml",
            "repo/p/s.yaml",
            &["sandbox", "--seed", "repo/p/s.yaml"],
        ),
        (
            "../../outside/token",
            "repo/p/plan.json",
            &["apply", "repo/p/plan.json"],
        ),
        (
            "../../outside/token",
            "repo/p/plan.json",
            &["show", "repo/p/plan.json"],
        ),
        (
            "../outside/token",
            "repo/c.toml",
            &["--config", "repo/c.toml", "plan", "repo/p/retire.yaml"],
        ),
    ] {
        let desk = project();
        link(&desk, target, name);
        let done = run(&desk, arguments).expect(8);
        assert!(
            done.err.contains("is a link, or lies behind one"),
            "{arguments:?}: {}",
            done.err
        );
    }
    let desk = project();
    std::fs::remove_file(desk.path("repo/p/retire.toml")).unwrap();
    link(&desk, "../../outside/token", "repo/p/retire.toml");
    run(&desk, &["plan", "repo/p/retire.yaml"]).expect(8);
}

#[test]
fn without_a_repository_the_project_folder_is_the_bound() {
    let desk = Desk::new();
    desk.write("lists/x.yaml", format!("version: 1\nassets: [{A}]\n"));
    link(&desk, "../lists", "manifests/inside");
    desk.run(&["plan"]).expect(0);
    let outside = Desk::new();
    outside.write("x.yaml", format!("version: 1\nassets: [{A}]\n"));
    link(
        &desk,
        outside.path("x.yaml").to_str().unwrap(),
        "manifests/o.yaml",
    );
    let done = run(&desk, &["plan"]).expect(8);
    assert!(done.err.contains("manifests/o.yaml"), "{}", done.err);
    // A link that leads nowhere may have been a manifest.
    std::fs::remove_file(desk.path("manifests/o.yaml")).unwrap();
    link(&desk, "nowhere", "manifests/gone.yaml");
    let done = run(&desk, &["plan"]).expect(8);
    assert!(done.err.contains("manifests/gone.yaml"), "{}", done.err);
}

#[test]
fn nothing_is_shown_of_a_file_that_is_no_document_of_ours() {
    let desk = project();
    desk.write("outside/text.json", format!("\"{SECRET}\""));
    desk.write(
        "outside/creds.json",
        format!("{{\"version\": \"{SECRET}\"}}"),
    );
    for path in [
        "outside/token",
        "outside/creds.yaml",
        "outside/text.json",
        "outside/creds.json",
        "/proc/self/environ",
    ] {
        for arguments in [
            &["validate", path][..],
            &["plan", path],
            &["apply", path],
            &["show", path],
            &["sandbox", "--seed", path],
            &["--config", path, "plan", "repo/p/retire.yaml"],
        ] {
            run(&desk, arguments).expect(8);
        }
    }
    // Not even where it looks like one: a line with the token is never shown.
    desk.write(
        "m.yaml",
        format!("version: 1\nassets:\n- {SECRET}\n- id: {SECRET}\n  {SECRET}: x\n"),
    );
    let done = run(&desk, &["validate", "m.yaml"]).expect(8);
    assert!(done.err.contains("m.yaml:3:3"), "{}", done.err);
    // Other mistakes are shown with their line.
    desk.write("n.yaml", "version: 1\nassets:\n- nonsense\n");
    let done = run(&desk, &["validate", "n.yaml"]).expect(8);
    assert!(done.err.contains("3 | - nonsense"), "{}", done.err);
}
