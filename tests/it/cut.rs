//! Successes that are cut off: a body that did not come to its end says nothing, however whole
//! what has come of it looks.
//!
//! Over HTTP/2 the same is a stream that is reset; the program speaks HTTP/1.1 alone, which a test
//! here holds, so that an end that is missing shows in the length, the chunks or the connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::harness::{Desk, TOKEN, repository};
use crate::server::{Answer, Request, Server, id, manifest, text};

/// A success to a delete that ends too early, and whether the connection is reset after it.
const CUT: [(&str, bool); 6] = [
    ("content-length: 3\r\n\r\n{}", false),
    ("content-length: 3\r\n\r\n{}", true),
    ("content-length: 20\r\n\r\n{\"error\":null}", false),
    ("transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", false),
    ("transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", true),
    ("transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0", false),
];

/// Serves one connection after another: each delete is answered by something that is cut off, and
/// all that is read is there still.
fn serve(cut: &'static str, resets: bool) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let book = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let book = Arc::clone(&book);
            std::thread::spawn(move || answer(&stream, cut, resets, &book));
        }
    });
    (url, asked)
}

fn answer(
    mut stream: &TcpStream,
    cut: &str,
    resets: bool,
    book: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::with_capacity(1, stream);
    let (mut line, mut length) = (String::new(), 0);
    reader.read_line(&mut line)?;
    book.lock().unwrap().push(line.clone());
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        header.clear();
    }
    if line.starts_with("DELETE") {
        // What was not read of a request when the connection is closed resets it.
        let rest = usize::from(resets);
        reader.read_exact(&mut vec![0; length - rest])?;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        return stream.write_all(format!("{head}{cut}").as_bytes());
    }
    let path = line.split(['?', ' ']).nth(1).unwrap_or_default();
    let body = match path.strip_prefix("/v2/assets/") {
        Some(id) => format!(r#"{{"id":"{id}","type":"file","name":"x","account_id":"a"}}"#),
        None => r#"{"id":"u","account_id":"a"}"#.to_owned(),
    };
    stream.write_all(text(200, "connection: close\r\n", &body).as_bytes())
}

#[test]
fn a_success_that_is_cut_off_is_no_evidence() {
    for (cut, resets) in CUT {
        let (url, asked) = serve(cut, resets);
        let desk = Desk::with(&manifest(1));
        let mut arguments = vec!["apply", "--api", "v2", "--auto-approve", "--retries", "1"];
        arguments.extend(["--endpoint", &url]);
        let done = desk.run_with(&[TOKEN], &arguments);
        assert!([3, 9].contains(&done.code), "{cut}: {}", done.transcript());
        let state: Value = serde_json::from_str(&desk.read("retire.state.json")).unwrap();
        let status = &state["assets"][id(1)]["status"];
        assert!(status != "retired" && status != "gone", "{cut}: {status}");
        let asked = asked.lock().unwrap();
        let read = format!("GET /v2/assets/{}", id(1));
        assert!(asked.iter().any(|line| line.starts_with(&read)), "{cut}");
    }
}

/// What is said of files that are all there.
fn live(request: &Request) -> Answer {
    let (method, path) = request.line.split_once(' ')?;
    let path = path.split('?').next()?;
    let project = id(99);
    let data = match path.rsplit_once('/')? {
        (_, "assets") => json!({}),
        _ if method == "DELETE" => return Some((204, String::new())),
        ("/v4", "accounts") => json!([{ "id": "acc" }]),
        (files, id) if files.ends_with("/files") => json!({
            "id": id, "type": "file", "name": "x", "file_size": 1,
            "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
            "project_id": project, "project": {"id": project, "name": "Tide", "storage": 1_000_000}
        }),
        _ => json!({ "id": "u" }),
    };
    let body = match path.strip_prefix("/v4/") {
        Some(_) => json!({ "data": data }),
        None => data,
    };
    Some((200, body.to_string()))
}

/// On a connection that is used again, what was too much of one answer is that to the next request.
#[test]
fn each_delete_has_a_connection_of_its_own() {
    for api in ["v2", "v4"] {
        let server = Server::new(live);
        let desk = Desk::with(&manifest(6));
        let mut arguments = vec!["apply", "--auto-approve", "--batch-size", "1", "--api", api];
        arguments.extend(["--concurrency", "1", "--endpoint", &server.url]);
        desk.write(
            "retire.toml",
            "version = 1\n[guards]\nmax-percent = 100\nmin-age = \"0s\"\n",
        );
        desk.run_with(&[TOKEN], &arguments).expect(0);
        let asked = server.asked();
        let deletes = asked.iter().filter(|one| one.line.starts_with("DELETE"));
        let places: Vec<usize> = deletes.map(|one| one.nth).collect();
        assert_eq!(places, [1; 6], "{api}");
        // Connections are kept for what is read.
        let is_kept = asked.iter().any(|one| one.nth > 1);
        assert_eq!(is_kept, api == "v4");
    }
}

#[test]
fn the_program_speaks_http_1_alone() {
    let manifest = std::fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let reqwest = &manifest["dependencies"]["reqwest"];
    assert_eq!(reqwest["default-features"].as_bool(), Some(false));
    let features = reqwest["features"].as_array().unwrap();
    let speaks = |feature: &&toml::Value| feature.as_str().unwrap().starts_with("http");
    assert_eq!(features.iter().find(speaks), None);
}
