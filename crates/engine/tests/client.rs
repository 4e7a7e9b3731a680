//! The client against a server on a real local socket.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail the test")]

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use futures_util::{Stream, StreamExt, stream};
use nightkeep_engine::VERSION;
use nightkeep_engine::api::{
    API_VERSION, ApiError, EngineInfo, ErrorCode, JobSpec, Live, Quitting, StartReply, Status, StopRequest, Summary,
    Validation,
};
use nightkeep_engine::client::{Client, follow, stop_engine};
use nightkeep_engine::local_socket::Listener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

type Router = axum::Router;

#[tokio::test]
async fn an_engine_that_is_not_there_is_unreachable_and_the_hint_says_what_to_do() {
    let home = private_directory();
    let error = Client::connect(&home.path().join("engine.sock")).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unreachable);
    assert_eq!(error.message, "the engine is not running");
    assert!(error.hint.unwrap().contains("`nightkeep engine`"));
}

#[tokio::test]
async fn an_engine_of_another_version_is_refused_and_can_still_be_stopped() {
    let (asked, mut requests) = mpsc::unbounded_channel();
    let server =
        Server::start(Router::new().route("/v1/engine", get(|| async { Json(engine(API_VERSION + 1)) })).fallback(
            move |method: Method, uri: Uri| async move {
                asked.send(format!("{method} {uri}")).unwrap();
            },
        ));
    let error = Client::connect(&server.socket).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Version);
    assert!(error.message.contains("API version 2"), "{}", error.message);
    assert!(error.hint.unwrap().contains("`nightkeep engine --stop`"));
    stop_engine(&server.socket).await.unwrap();
    assert_eq!(requests.recv().await.unwrap(), "POST /v1/engine/stop");
}

#[tokio::test]
async fn an_earlier_engine_is_asked_to_hand_over_and_worked_with_when_it_cannot() {
    let (asked, mut requests) = mpsc::unbounded_channel();
    let server = Server::start(of_version("0.0.1", API_VERSION).fallback(move |uri: Uri, body: String| async move {
        asked.send(format!("{uri} {body}")).unwrap();
        StatusCode::NOT_FOUND
    }));
    let client = Client::connect_or_start(&server.socket).await.unwrap();
    assert_eq!(client.engine().version, "0.0.1");
    let request = requests.recv().await.unwrap();
    assert!(request.starts_with("/v1/engine/hand-over {"), "{request}");
    assert!(request.contains(&format!("\"version\":\"{VERSION}\"")), "{request}");
}

#[tokio::test]
async fn an_earlier_engine_of_another_api_that_does_not_hand_over_is_refused() {
    let server = Server::start(of_version("0.0.1", API_VERSION + 1));
    let error = Client::connect_or_start(&server.socket).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Version);
    assert!(error.hint.unwrap().contains("`nightkeep engine --stop`"));
}

#[tokio::test]
async fn a_later_engine_is_not_asked_and_worked_with_while_it_speaks_the_same_api() {
    let (asked, mut requests) = mpsc::unbounded_channel();
    let routes = |api| {
        let asked = asked.clone();
        of_version("999.0.0", api).fallback(move |uri: Uri| async move { asked.send(uri.to_string()).unwrap() })
    };
    let same = Server::start(routes(API_VERSION));
    assert_eq!(Client::connect_or_start(&same.socket).await.unwrap().engine().version, "999.0.0");
    let other = Server::start(routes(API_VERSION + 1));
    let error = Client::connect_or_start(&other.socket).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Version);
    assert!(error.message.contains("999.0.0"), "{}", error.message);
    assert!(error.hint.unwrap().contains("use the programs of version 999.0.0"));
    assert!(requests.try_recv().is_err(), "it was asked for something");
}

#[tokio::test]
async fn a_refusal_arrives_with_its_code_its_hint_and_its_field() {
    let refusal = ApiError::new(ErrorCode::Invalid, "the name is taken").with_hint("choose another").at_field("name");
    let body = refusal.clone();
    let server = Server::start(
        engine_routes().route("/v1/jobs", axum::routing::post(|| async { (StatusCode::CONFLICT, Json(body)) })),
    );
    let client = Client::connect(&server.socket).await.unwrap();
    assert_eq!(client.add_job(&JobSpec::default()).await.unwrap_err(), refusal);
}

#[tokio::test]
async fn a_name_with_a_slash_stays_one_part_of_the_path() {
    let (asked, mut requests) = mpsc::unbounded_channel();
    let server = Server::start(engine_routes().fallback(move |method: Method, uri: Uri, body: String| async move {
        asked.send(format!("{method} {uri} {body}")).unwrap();
        Json(StartReply::begun(7, "t".to_owned()))
    }));
    let client = Client::connect(&server.socket).await.unwrap();
    assert_eq!(client.start_job("docs/all").await.unwrap().run, 7);
    assert_eq!(requests.recv().await.unwrap(), "POST /v1/jobs/docs%2Fall/start ");
    let stopped = client.stop_run(7, StopRequest { force: true }).await;
    assert_eq!(requests.recv().await.unwrap(), r#"POST /v1/runs/7/stop {"force":true}"#);
    assert_eq!(stopped.unwrap_err().code, ErrorCode::Internal, "a reply of another shape is not guessed at");
}

#[tokio::test]
async fn a_job_is_judged_as_the_one_that_replaces_another() {
    let (asked, mut requests) = mpsc::unbounded_channel();
    let server = Server::start(engine_routes().fallback(move |method: Method, uri: Uri| async move {
        asked.send(format!("{method} {uri}")).unwrap();
        Json(Validation::default())
    }));
    let client = Client::connect(&server.socket).await.unwrap();
    client.validate_job(&JobSpec::default(), None).await.unwrap();
    assert_eq!(requests.recv().await.unwrap(), "POST /v1/jobs/validate");
    client.validate_job(&JobSpec::default(), Some("docs & all")).await.unwrap();
    assert_eq!(requests.recv().await.unwrap(), "POST /v1/jobs/validate?replacing=docs%20%26%20all");
}

#[tokio::test]
async fn events_arrive_one_by_one_and_end_with_the_engine() {
    let (send, receive) = mpsc::unbounded_channel();
    let server = Server::start(event_routes(receive));
    let client = Client::connect(&server.socket).await.unwrap();
    let mut events = client.events().await.unwrap();
    for revision in [1, 2] {
        send.send(live(revision)).unwrap();
        assert_eq!(events.next().await.unwrap().unwrap().revision, revision);
    }
    drop(send);
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_follower_says_once_that_the_engine_is_away_and_comes_back_by_itself() {
    let home = private_directory();
    let socket = home.path().join("engine.sock");
    let mut followed = follow(socket.clone());
    assert!(followed.next().await.unwrap().is_none(), "away at the start");

    let (send, receive) = mpsc::unbounded_channel();
    let server = serve(&socket, event_routes(receive));
    send.send(live(1)).unwrap();
    assert_eq!(followed.next().await.unwrap().unwrap().revision, 1);

    drop(send);
    server.abort();
    assert!(followed.next().await.unwrap().is_none(), "away again");

    let (send, receive) = mpsc::unbounded_channel();
    let _server = serve(&socket, event_routes(receive));
    send.send(live(9)).unwrap();
    let back = tokio::time::timeout(Duration::from_secs(10), followed.next()).await.unwrap();
    assert_eq!(back.unwrap().unwrap().revision, 9);
}

struct Server {
    socket: PathBuf,
    task: JoinHandle<()>,
    _home: tempfile::TempDir,
}

impl Server {
    fn start(routes: Router) -> Self {
        let home = private_directory();
        let socket = home.path().join("engine.sock");
        Self { task: serve(&socket, routes), socket, _home: home }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn serve(socket: &Path, routes: Router) -> JoinHandle<()> {
    let listener = Listener::bind(socket).unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() })
}

fn engine_routes() -> Router {
    Router::new().route("/v1/engine", get(|| async { Json(engine(API_VERSION)) }))
}

fn of_version(version: &'static str, api: u32) -> Router {
    let info = EngineInfo { version: version.to_owned(), ..engine(api) };
    Router::new().route("/v1/engine", get(|| async { Json(info) }))
}

fn event_routes(receive: mpsc::UnboundedReceiver<Live>) -> Router {
    let once = std::sync::Arc::new(tokio::sync::Mutex::new(Some(receive)));
    engine_routes().route("/v1/events", get(events).with_state(once))
}

type Once = std::sync::Arc<tokio::sync::Mutex<Option<mpsc::UnboundedReceiver<Live>>>>;

async fn events(State(once): State<Once>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let receive = once.lock().await.take().unwrap();
    Sse::new(stream::unfold(receive, |mut receive| async move {
        let live = receive.recv().await?;
        Some((Ok(Event::default().event("live").json_data(live).unwrap()), receive))
    }))
}

fn engine(api: u32) -> EngineInfo {
    EngineInfo { version: VERSION.to_owned(), api, pid: 1, started_at: "2026-01-01T00:00:00Z".to_owned() }
}

fn live(revision: u64) -> Live {
    Live {
        revision,
        at: "2026-01-01T00:00:00Z".to_owned(),
        status: Status {
            engine: engine(API_VERSION),
            summary: Summary::default(),
            runs: Vec::new(),
            jobs: Vec::new(),
            paused: None,
            snoozed: Vec::new(),
        },
        unseen: Vec::new(),
        leftovers: Vec::new(),
        faults: Vec::new(),
        morning: None,
        icon_style: nightkeep_engine::api::IconStyle::default(),
        quitting: Quitting::default(),
    }
}

fn private_directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    // Made anew, because a temporary directory is as open as the umask says.
    std::fs::remove_dir(directory.path()).unwrap();
    nightkeep_os::private_dir(directory.path()).unwrap();
    directory
}
