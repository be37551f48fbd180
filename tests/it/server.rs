//! A server of which a test decides, request by request, what it answers and when.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Its number, from 1, in the order in which they came.
    pub(crate) number: usize,
    /// Its number, from 1, on its connection.
    pub(crate) nth: usize,
    /// Its method and path.
    pub(crate) line: String,
    /// The ids that its body names.
    pub(crate) ids: Vec<String>,
}

/// A status and a body; nothing closes the connection instead.
pub(crate) type Answer = Option<(u16, String)>;

/// A server on a port of its own; its threads end with the test's process.
pub(crate) struct Server {
    /// Its address.
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts one; `answer` may take as long as it likes.
    pub(crate) fn new(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::raw(move |request| {
            let (status, body) = answer(request)?;
            Some(text(status, "", &body))
        })
    }

    /// Starts one that answers with what [`text`] makes; nothing closes the connection instead.
    pub(crate) fn raw(answer: impl Fn(&Request) -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (answer, book) = (Arc::new(answer), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, book) = (Arc::clone(&answer), Arc::clone(&book));
                std::thread::spawn(move || converse(&stream, &book, &*answer));
            }
        });
        Self { url, asked }
    }

    /// Starts one whose answers never come to their ends: a byte comes every now and then.
    pub(crate) fn dripping() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                std::thread::spawn(move || -> std::io::Result<()> {
                    // Nobody is answered before they have asked.
                    let mut line = String::new();
                    BufReader::with_capacity(1, &stream).read_line(&mut line)?;
                    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n{";
                    stream.write_all(head.as_bytes())?;
                    loop {
                        std::thread::sleep(std::time::Duration::from_millis(200));
                        stream.write_all(b" ")?;
                    }
                });
            }
        });
        let asked = Arc::default();
        Self { url, asked }
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Request> {
        self.asked.lock().unwrap().clone()
    }

    /// The ids of every delete so far.
    pub(crate) fn deleted(&self) -> Vec<String> {
        let asked = self.asked();
        let deletes = asked.iter().filter(|one| one.line.starts_with("DELETE"));
        deletes.flat_map(|one| one.ids.clone()).collect()
    }
}

fn converse(
    stream: &TcpStream,
    book: &Mutex<Vec<Request>>,
    answer: &dyn Fn(&Request) -> Option<String>,
) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    for nth in 1.. {
        let (mut line, mut length) = (String::new(), 0);
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let mut header = String::new();
        while reader.read_line(&mut header).ok()? > 2 {
            let (name, value) = header.split_once(':')?;
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok()?;
            }
            header.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let ids = body["asset_ids"].as_array().into_iter().flatten();
        let request = {
            let mut book = book.lock().unwrap();
            let request = Request {
                number: book.len() + 1,
                nth,
                line: line.trim_end_matches(" HTTP/1.1\r\n").to_owned(),
                ids: ids.map(|id| id.as_str().unwrap().to_owned()).collect(),
            };
            book.push(request.clone());
            request
        };
        writer.write_all(answer(&request)?.as_bytes()).ok()?;
    }
    None
}

/// An answer as it goes over the wire; each of the headers ends its line.
pub(crate) fn text(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} As Told\r\ncontent-type: application/json\r\n");
    // A 204 has no body, and no length of one.
    let length = match status {
        204 => String::new(),
        _ => format!("content-length: {length}\r\n"),
    };
    format!("{head}{headers}{length}\r\n{body}")
}

/// A manifest that lists `count` assets.
pub(crate) fn manifest(count: usize) -> String {
    let ids = (1..=count).map(|number| format!("- {}\n", id(number)));
    format!("version: 1\nassets:\n{}", ids.collect::<String>())
}

/// The id of one of them.
pub(crate) fn id(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A port on which nobody listens, and that no other test gets: the server of one would be asked in
/// its place.
pub(crate) fn taken() -> tokio::net::TcpSocket {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket
}
