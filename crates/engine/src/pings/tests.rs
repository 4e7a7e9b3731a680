//! The port over real TCP: what is answered, and what nobody gets through.

use std::time::{Duration, Instant};

use nightkeep_core::Now;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::*;
use crate::api::JobSpec;
use crate::places::Places;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const CHECK: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";

/// An open port, with a book behind it.
struct Port {
    places: Places,
    listening: Listening,
    /// What was heard, in order.
    heard: mpsc::UnboundedReceiver<Heard>,
    _desk: JoinHandle<()>,
    _home: tempfile::TempDir,
}

fn home() -> (tempfile::TempDir, Places) {
    let home = tempfile::tempdir().unwrap();
    let places = Places::below(home.path());
    places.create().unwrap();
    (home, places)
}

impl Port {
    async fn open() -> Self {
        let (asks, asked) = mpsc::channel(HEARD_MAX);
        let (home, places) = home();
        let listening = Listening::open(&places, Listen::parse("127.0.0.1:0").unwrap(), asks).await.unwrap();
        let (told, heard) = mpsc::unbounded_channel();
        let desk = tokio::spawn(answer(asked, told));
        Self { places, listening, heard, _desk: desk, _home: home }
    }

    fn host(&self) -> &str {
        self.listening.url().strip_prefix("http://").unwrap()
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.host()).await.unwrap()
    }

    /// What is answered to these bytes, in which `HOST`, `KEY` and `CHECK` are filled in.
    async fn say(&self, request: &str) -> String {
        let request = request.replace("HOST", self.host()).replace("KEY", KEY).replace("CHECK", CHECK);
        let mut stream = self.connect().await;
        // It may be ended before all is said.
        drop(stream.write_all(request.as_bytes()).await);
        rest_of(&mut stream).await
    }

    async fn get(&self, path: &str) -> String {
        self.say(&format!("GET {path} HTTP/1.1\r\nHost: HOST\r\n\r\n")).await
    }

    /// Status and body.
    async fn told(&self, path: &str) -> String {
        let answer = self.get(path).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        format!("{} {body}", head.split(' ').nth(1).unwrap())
    }
}

async fn rest_of(stream: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    // What was not read of the request breaks the connection off behind the answer.
    drop(stream.read_to_end(&mut heard).await);
    String::from_utf8(heard).unwrap()
}

async fn answer(mut asked: mpsc::Receiver<Asked>, told: mpsc::UnboundedSender<Heard>) {
    let named = |name: &str| JobSpec { name: name.to_owned(), ..JobSpec::default() };
    let nightly = JobSpec { ping: Some(CHECK.to_owned()), ..named("nightly") };
    let mut book = Book::new(KEY.to_owned(), &[nightly, named("a b"), named("a-b")]);
    while let Some(Asked { heard, reply }) = asked.recv().await {
        reply.send(book.hear(&heard, Now::default(), |_, _| None).reply).unwrap();
        told.send(heard).unwrap();
    }
}

#[tokio::test]
async fn every_reply_is_the_documented_one() {
    let port = Port::open().await;
    let cases = [
        ("/CHECK", "200 OK"),
        ("/ping/CHECK/start", "200 OK"),
        ("/CHECK/", "200 OK"),
        ("/CHECK/255?rid=5bf66975-d4c7-4bf5-bcc8-b8d8a82ea279", "200 OK"),
        ("/KEY/nightly", "200 OK"),
        ("/ping/KEY/nightly/log", "200 OK"),
        ("/KEY/made?create=1", "201 Created"),
        ("/KEY/made?create=1", "200 OK"),
        ("/KEY/gone", "404 not found"),
        ("/KEY/nightly/", "404 not found"),
        ("/5bf66975-d4c7-4bf5-bcc8-000000000000", "404 not found"),
        ("/5bf66975-d4c7-4bf5-bcc8-000000000000/256?rid=x", "404 not found"),
        ("/CHECK/256", "400 invalid url format"),
        ("/KEY/Nightly", "400 invalid url format"),
        ("/CHECK?rid=x", "400 invalid uuid format"),
        ("/KEY/a-b", "409 ambiguous slug"),
        ("/KEY/a-b?rid=x", "409 ambiguous slug"),
    ];
    for (path, told) in cases {
        assert_eq!(port.told(path).await, told, "{path}");
    }
    assert_eq!(port.listening.counts(), Counts { heard: 8, ..Counts::default() });
}

#[tokio::test]
async fn the_headers_are_the_documented_ones_and_no_page_may_read_an_answer() {
    let port = Port::open().await;
    for path in ["/CHECK", "/KEY/gone"] {
        let answer = port.get(path).await.to_lowercase();
        for field in ["content-type: text/plain", "ping-body-limit: 10000", "connection: close"] {
            assert!(answer.contains(&format!("\r\n{field}")), "{field} is missing in {answer}");
        }
        assert!(!answer.contains("access-control"), "{answer}");
    }
}

#[tokio::test]
async fn head_and_post_are_as_good_as_get_and_nothing_else_is() {
    let mut port = Port::open().await;
    let head = port.say("HEAD /CHECK HTTP/1.1\r\nHost: HOST\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    let post = "POST /CHECK/fail HTTP/1.1\r\nHost: HOST\r\nUser-Agent: me/1\r\nContent-Type: application/json\r\n\
                Content-Length: 4\r\n\r\nboom";
    assert!(port.say(post).await.ends_with("OK"));
    assert_eq!(port.heard.recv().await.unwrap().body, b"");
    let heard = port.heard.recv().await.unwrap();
    assert_eq!((heard.body.as_slice(), heard.user_agent.as_deref()), (b"boom".as_slice(), Some("me/1")));
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let answer = port.say(&format!("{method} /CHECK HTTP/1.1\r\nHost: HOST\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 405") && answer.contains("\r\nallow: HEAD, GET, POST\r\n"), "{answer}");
    }
    assert!(port.heard.is_empty());
}

#[tokio::test]
async fn what_a_web_page_can_send_changes_nothing() {
    let port = Port::open().await;
    let fields = [
        "Host: evil.example",
        "Host: evil.example:80",
        "Host: 127.0.0.1",
        "Host: HOST\r\nHost: HOST",
        "Host: HOST\r\nOrigin: https://evil.example",
        "Host: HOST\r\nOrigin: http://HOST",
        "Host: HOST\r\nOrigin: null",
        "Host: HOST\r\nSec-Fetch-Site: cross-site",
        "Host: HOST\r\nSec-Fetch-Site: same-site",
        "X: y",
    ];
    for field in fields {
        for method in ["GET", "POST", "OPTIONS"] {
            let answer = port.say(&format!("{method} /CHECK/fail HTTP/1.1\r\n{field}\r\n\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 403"), "{method} {field}: {answer}");
        }
    }
    assert!(port.heard.is_empty());
    assert_eq!(port.listening.counts().foreign, 30);
}

#[tokio::test]
async fn the_beginning_of_a_long_body_is_kept_and_its_ping_counts() {
    let mut port = Port::open().await;
    for size in [9_999, 10_000, 10_001, 100_000, 1_000_000] {
        let body = "x".repeat(size);
        let head = format!("POST /CHECK HTTP/1.1\r\nHost: HOST\r\nContent-Length: {size}\r\n\r\n{body}");
        let answer = port.say(&head).await;
        assert!(answer.ends_with("OK"), "{size}: {answer}");
        assert_eq!(port.heard.recv().await.unwrap().body.len(), size.min(10_000), "{size}");
    }
    let chunked =
        "POST /CHECK HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab\r\n\r\n2\r\ncd\r\n0\r\n\r\n";
    assert!(port.say(chunked).await.ends_with("OK"));
    assert_eq!(port.heard.recv().await.unwrap().body, b"ab\r\ncd");
}

#[tokio::test]
async fn no_body_is_read_without_end() {
    let mut port = Port::open().await;
    let mut stream = port.connect().await;
    let head = format!("POST /{CHECK} HTTP/1.1\r\nHost: {}\r\nContent-Length: 99999999999\r\n\r\n", port.host());
    stream.write_all(head.as_bytes()).await.unwrap();
    let block = [b'x'; 64 * 1024];
    let mut sent = 0_usize;
    while stream.write_all(&block).await.is_ok() {
        sent += block.len();
    }
    // What was sent may wait in the system's own buffers; it was not read.
    assert!(sent < 64 * 1024 * 1024, "{sent} bytes were taken");
    assert_eq!(port.heard.recv().await.unwrap().body.len(), 10_000);
}

#[tokio::test]
async fn a_flood_is_limited_for_its_own_key_and_reaches_nobody_else() {
    let port = Port::open().await;
    assert_eq!(port.told("/KEY/nightly").await, "200 OK");
    assert_eq!(port.told("/CHECK").await, "200 OK");
    let begun = Instant::now();
    let mut limited = 0;
    for n in 0..300 {
        let answer = port.get("/KEY/nightly/log").await;
        let is_limited = answer.starts_with("HTTP/1.1 429");
        assert!(is_limited || answer.ends_with("OK"), "{n}: {answer}");
        limited += u64::from(is_limited);
    }
    let allowed = 50 + 50 * (begun.elapsed().as_millis() + 20) / 1000;
    assert!(u128::from(300 - limited) <= allowed, "{limited} of 300 were refused");
    assert_eq!(port.listening.counts().limited, limited);
    assert_eq!(port.told("/CHECK").await, "200 OK", "another key is not held up");
}

#[tokio::test]
async fn guesses_are_few_in_a_second() {
    let mut port = Port::open().await;
    assert_eq!(port.told("/CHECK").await, "200 OK");
    let begun = Instant::now();
    let mut reached = 0_u128;
    for n in 0..200 {
        let told = port.told(&format!("/{n:08}-d4c7-4bf5-bcc8-b8d8a82ea278")).await;
        assert!(["404 not found", "429 rate limited"].contains(&told.as_str()), "{told}");
        reached += u128::from(told == "404 not found");
    }
    assert!(reached <= 50 + 50 * (begun.elapsed().as_millis() + 20) / 1000, "{reached} guesses were looked up");
    assert_eq!(port.told("/CHECK").await, "200 OK");
    port.heard.recv().await.unwrap();
}

#[tokio::test]
async fn whoever_is_slow_is_not_waited_for() {
    let mut port = Port::open().await;
    let cases = [
        ("", ""),
        ("GET /CHE", ""),
        ("GET /CHECK HTTP/1.1\r\nHost: HOST\r\nX-Slow: ", ""),
        ("POST /CHECK HTTP/1.1\r\nHost: HOST\r\nContent-Length: 10\r\n\r\nhalf", "HTTP/1.1 408"),
        ("POST /CHECK HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n", "HTTP/1.1 408"),
    ];
    let begun = Instant::now();
    let all = cases.map(|(said, _)| port.say(said));
    for (answer, (said, expected)) in futures_util::future::join_all(all).await.into_iter().zip(cases) {
        assert!(answer.starts_with(expected), "{said}: {answer}");
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert!(port.heard.try_recv().is_err(), "half a ping is none");
}

#[tokio::test]
async fn one_connection_too_many_is_ended_and_its_place_is_free_again_later() {
    let port = Port::open().await;
    let mut held = Vec::new();
    for _ in 0..64 {
        held.push(port.connect().await);
    }
    assert_eq!(port.get("/CHECK").await, "");
    assert_eq!(port.listening.counts().dropped, 1);
    drop(held);
    let mut answer = port.get("/CHECK").await;
    while answer.is_empty() {
        answer = port.get("/CHECK").await;
    }
    assert!(answer.ends_with("OK"), "{answer}");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let port = Port::open().await;
    let long = format!("GET /CHECK HTTP/1.1\r\nHost: HOST\r\nX-Long: {}\r\n\r\n", "x".repeat(40_000));
    assert!(port.say(&long).await.starts_with("HTTP/1.1 431"));
    let garbage = port.say("\u{1}\u{2} nothing that is HTTP\r\n\r\n").await;
    assert!(garbage.starts_with("HTTP/1.1 400"), "{garbage}");
}

#[tokio::test]
async fn pings_that_nobody_takes_in_are_counted_and_the_client_is_told_to_come_again() {
    let (asks, mut asked) = mpsc::channel(1);
    let (_home, places) = home();
    let listening = Listening::open(&places, Listen::parse("0").unwrap(), asks).await.unwrap();
    let host = listening.url().strip_prefix("http://").unwrap();
    let ping = async || {
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all(format!("GET /{CHECK} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await.unwrap();
        rest_of(&mut stream).await
    };
    for answer in futures_util::future::join_all((0..5).map(|_| ping())).await {
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    }
    assert_eq!(listening.counts(), Counts { dropped: 5, ..Counts::default() });
    let waiting = asked.recv().await.unwrap();
    assert!(waiting.reply.is_closed(), "the one that waited has given up");
}

#[tokio::test]
async fn the_port_is_found_through_its_file_and_stays_the_same() {
    let port = Port::open().await;
    let Port { places, listening, _home, .. } = port;
    let first = listening.url().to_owned();
    assert_eq!(url(&places).as_deref(), Some(first.as_str()));
    let listen = Listen::parse("127.0.0.1:0").unwrap();
    let (asks, _asked) = mpsc::channel(1);
    let beside = Listening::open(&places, listen, asks.clone()).await.unwrap();
    assert_ne!(beside.url(), first, "a port that is taken is not waited for");
    beside.close().await;
    listening.close().await;
    std::fs::write(places.pings_url(), &first).unwrap();
    let again = Listening::open(&places, listen, asks.clone()).await.unwrap();
    assert_eq!(again.url(), first);
    let fixed = Listen::parse(first.rsplit_once(':').unwrap().1).unwrap();
    assert!(Listening::open(&places, fixed, asks).await.is_err(), "a port that was asked for is that one or none");
}
