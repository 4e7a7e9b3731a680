//! What may be said to a keeper, and by whom.

use std::{
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use nightkeep_engine::keeper::protocol::Event;

use crate::harness::{Home, Run};

#[tokio::test]
async fn a_malformed_request_ends_that_connection_and_nothing_else() {
    let mut home = Home::new();
    let mut run = home.start(home.spec("a", &["sleep", "1000"])).await;
    for request in ["nonsense\n", "{\"do\":\"dance\"}\n", "{\"do\":\"signal-root\",\"signal\":\"DANCE\"}\n", "\n"] {
        let [hello, error] = &heard_after(&run, request.as_bytes())[..] else { panic!("greeting, error, end") };
        assert!(matches!(hello, Event::Hello { .. }), "{hello:?}");
        assert!(matches!(error, Event::Error { .. }), "{error:?}");
    }
    assert_eq!(run.members().await, [run.started.root.pid]);
    run.kill_all().await;
}

#[tokio::test]
async fn a_request_without_end_ends_that_connection_and_nothing_else() {
    let mut home = Home::new();
    let mut run = home.start(home.spec("a", &["sleep", "1000"])).await;
    let heard = heard_after(&run, &[b'x'; 64 * 1024]);
    assert!(matches!(heard.last(), Some(Event::Error { .. })), "{heard:?}");
    assert_eq!(run.members().await, [run.started.root.pid]);
    run.kill_all().await;
}

#[tokio::test]
async fn two_requests_in_one_write_are_answered_in_their_order() {
    let mut home = Home::new();
    let run = home.start(home.spec("a", &["sleep", "1000"])).await;
    let requests = b"{\"do\":\"members\"}\n{\"do\":\"signal-root\",\"signal\":\"CONT\"}\nend\n";
    let heard = heard_after(&run, requests);
    assert_eq!(heard.get(1), Some(&Event::Members { pids: vec![run.started.root.pid] }));
    assert_eq!(heard.get(2), Some(&Event::Signalled { count: 1 }));
    run.kill_all().await;
}

#[tokio::test]
async fn many_who_connect_and_go_take_no_place_for_good() {
    let mut home = Home::new();
    let run = home.start(home.spec("a", &["sleep", "1000"])).await;
    for _ in 0..100 {
        let mut line = String::new();
        let stream = UnixStream::connect(run.dir.socket()).expect("the keeper answers");
        let mut reader = BufReader::new(&stream);
        reader.read_line(&mut line).expect("a greeting");
        assert!(line.contains("hello"), "{line}");
        // The keeper closes its side before the next one comes, so that none finds the places taken.
        stream.shutdown(std::net::Shutdown::Write).expect("open until here");
        line.clear();
        assert_eq!(reader.read_line(&mut line).expect("an end"), 0);
    }
    run.kill_all().await;
}

#[tokio::test]
async fn the_socket_of_a_run_far_below_a_long_path_is_reached() {
    let mut home = Home::new();
    let tag = format!("{}/{}", "d".repeat(100), "e".repeat(100));
    let mut run = home.start(home.spec(&tag, &["sleep", "1000"])).await;
    assert!(run.dir.socket().as_os_str().len() > 200);
    assert_eq!(run.link.hello().tag, tag);
    assert_eq!(run.members().await, [run.started.root.pid]);
    run.kill_all().await;
}

/// Connects, sends `bytes`, and returns everything that comes until the keeper hangs up.
fn heard_after(run: &Run, bytes: &[u8]) -> Vec<Event> {
    let mut stream = UnixStream::connect(run.dir.socket()).expect("the keeper answers");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    // The keeper may hang up before it has read everything.
    drop(stream.write_all(bytes));
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.map(|line| serde_json::from_str(&line).expect("an event")).collect()
}
