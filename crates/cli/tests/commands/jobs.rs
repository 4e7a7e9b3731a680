//! Jobs, types and what begins a run at the engine.

use nightkeep_engine::api::{
    CheckName, CheckResult, FieldFault, JobCheck, JobView, QueuePlace, StartReply, TypeView, Validation,
};

use crate::fake::Fake;
use crate::samples;

fn remark(field: &str, message: &str) -> FieldFault {
    FieldFault { field: field.to_owned(), message: message.to_owned() }
}

#[tokio::test]
async fn a_job_is_checked_then_added_and_remarks_hold_nothing_up() {
    let said = Validation { warnings: vec![remark("command", "The program `gen` was not found.")], errors: vec![] };
    let fake = Fake::start().says("POST /v1/jobs/validate", &said).says("POST /v1/jobs", &());
    let line =
        "job add nightly --type llm --progress p.json --cwd /srv --env A=b=c --stall-after 15m --observe -- gen --fast";
    let ended = fake.run(&line.split(' ').collect::<Vec<_>>()).await;
    insta::assert_snapshot!(ended.shown());
    let job = r#"{"name":"nightly","type":"llm","command":["gen","--fast"],"cwd":"/srv","env":{"A":"b=c"},"progress":"p.json","observe":true,"limits":{"stall_after":"15m"}}"#;
    assert_eq!(fake.asked(), [format!("POST /v1/jobs/validate {job}"), format!("POST /v1/jobs {job}")]);
}

#[tokio::test]
async fn a_job_with_a_fault_is_not_added() {
    let said = Validation { errors: vec![remark("name", "There is a job `nightly` already.")], warnings: vec![] };
    let fake = Fake::start().says("POST /v1/jobs/validate", &said);
    let ended = fake.run(&["job", "add", "nightly", "true"]).await;
    assert_eq!((ended.code(), ended.stderr.as_str()), (1, "error: `name`: there is a job `nightly` already\n"));
    assert_eq!(fake.asked().len(), 1);
}

#[tokio::test]
async fn jobs_are_listed_and_shown() {
    let plain =
        JobView { running: None, last_run: None, last_outcome: None, last_ended_at: None, ..samples::job("plain") };
    let jobs = vec![samples::job("nightly"), plain];
    let fake = Fake::start().says("GET /v1/jobs", &jobs);
    insta::assert_snapshot!("job_list", fake.run(&["job", "list"]).await.shown());
    insta::assert_snapshot!("job_show", fake.run(&["job", "show", "nightly"]).await.shown());
    let listed = fake.run(&["job", "list", "--json"]).await;
    assert_eq!(serde_json::from_str::<Vec<JobView>>(&listed.stdout).unwrap(), jobs);
    let shown = fake.run(&["job", "show", "plain", "--json"]).await;
    assert_eq!(serde_json::from_str::<JobView>(&shown.stdout).unwrap(), jobs[1]);
    insta::assert_snapshot!("job_unknown", fake.run(&["job", "show", "other"]).await.shown());
}

#[tokio::test]
async fn an_edit_changes_what_is_given_and_keeps_the_rest() {
    let fake = Fake::start().says("GET /v1/jobs", &vec![samples::job("nightly")]).says("PUT /v1/jobs/nightly", &());
    let ended = fake
        .run(&["job", "edit", "nightly", "--rename", "weekly", "--grace", "5s", "--output-max", "50MB", "--", "true"])
        .await;
    assert_eq!((ended.code(), ended.stdout.as_str()), (0, "changed job weekly\n"));
    let put = fake.asked().pop().unwrap();
    let wanted = r#"PUT /v1/jobs/nightly {"name":"weekly","type":"llm","command":["true"],"cwd":"~/articles","env":{"MODE":"night"},"progress":"progress.json","observe":false,"leftovers":"stop","stop_signal":"INT","output_max":"50MB","ping":"5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278","ping_mode":"heartbeat","export_ping_env":true,"limits":{"stall_after":"45m","grace":"5s"}}"#;
    assert_eq!(put.replace(r#""observe":false,"#, ""), wanted.replace(r#""observe":false,"#, ""));
}

#[tokio::test]
async fn an_edit_without_flags_opens_the_editor_and_says_where_the_fault_is() {
    let fake = Fake::start();
    std::fs::write(fake.places.config_file(), "[jobs.nightly]\ncommand = [\"true\"]\n").unwrap();
    let edit = |script: &'static str| {
        let editor = fake.home.path().join("editor.sh");
        std::fs::write(&editor, format!("#!/bin/sh\n{script}\n")).unwrap();
        let home = fake.home.path().to_owned();
        async move {
            let editor = format!("sh {}", editor.display());
            crate::fake::run(&home, &["job", "edit", "nightly"], &[("EDITOR", &editor)]).await
        }
    };
    assert_eq!(edit("exit 0").await.stdout, "nothing was changed\n");
    assert_eq!(edit("echo '# mine' >> \"$1\"").await.stdout, "changed [HOME]/config.toml\n");
    insta::assert_snapshot!("job_edit_broken", edit("echo 'nonsense = ' >> \"$1\"").await.shown());
    let unknown = fake.run(&["job", "remove", "x"]).await;
    assert_eq!(unknown.code(), 1);
}

#[tokio::test]
async fn a_job_is_removed_by_name() {
    let fake = Fake::start().says("DELETE /v1/jobs/my%20job", &());
    assert_eq!(fake.run(&["job", "remove", "my job"]).await.stdout, "removed job my job\n");
}

#[tokio::test]
async fn a_test_is_a_line_for_each_check_and_starts_nothing() {
    let check = |check, ok, says: &str| JobCheck { check, ok, says: says.to_owned() };
    let program = check(CheckName::Program, CheckResult::Ok, "Is `/usr/bin/python3`.");
    let folder =
        check(CheckName::MarkerFolder, CheckResult::Warn, "`/home/u/out` is not there; fine if the job makes it.");
    let service =
        check(CheckName::Service, CheckResult::Fail, "`localhost:11434` does not answer: Connection refused.");
    let fake = Fake::start().says("POST /v1/jobs/nightly/test", &vec![program.clone(), folder.clone()]);
    insta::assert_snapshot!("job_test_good", fake.run(&["job", "test", "nightly"]).await.shown());
    let all = vec![program, folder, service];
    let fake = fake.says("POST /v1/jobs/nightly/test", &all);
    insta::assert_snapshot!("job_test_failed", fake.run(&["job", "test", "nightly"]).await.shown());
    let json = fake.run(&["job", "test", "nightly", "--json"]).await;
    assert_eq!((json.code(), serde_json::from_str::<Vec<JobCheck>>(&json.stdout).unwrap()), (1, all));
    assert!(fake.asked().iter().all(|request| request == "POST /v1/jobs/nightly/test"), "{:?}", fake.asked());
}

#[tokio::test]
async fn types_are_listed_shown_and_changed_one_limit_at_a_time() {
    let fake = Fake::start().says("GET /v1/types", &samples::types()).says("PUT /v1/types/llm", &());
    insta::assert_snapshot!("type_list", fake.run(&["type", "list"]).await.shown());
    insta::assert_snapshot!("type_show", fake.run(&["type", "show", "llm"]).await.shown());
    let listed = fake.run(&["type", "list", "--json"]).await;
    assert_eq!(serde_json::from_str::<Vec<TypeView>>(&listed.stdout).unwrap(), samples::types());
    assert_eq!(fake.run(&["type", "set", "llm", "--grace", "1m"]).await.stdout, "changed type llm\n");
    assert_eq!(fake.asked().pop().unwrap(), r#"PUT /v1/types/llm {"stall_after":"45m","grace":"1m"}"#);
    let fake = fake.says("PUT /v1/types/llm/capacity", &());
    assert_eq!(fake.run(&["type", "set", "llm", "--max-running", "2"]).await.stdout, "changed type llm\n");
    assert_eq!(fake.asked().pop().unwrap(), r#"PUT /v1/types/llm/capacity {"max_running":2}"#);
    assert_eq!(fake.run(&["type", "set", "llm", "--max-running", "none"]).await.code(), 0);
    assert_eq!(fake.asked().pop().unwrap(), r#"PUT /v1/types/llm/capacity {"max_running":null}"#);
    assert_eq!(fake.run(&["type", "set", "llm", "--max-running", "0"]).await.code(), 2);
    let nothing = fake.run(&["type", "set", "llm"]).await;
    assert_eq!(nothing.code(), 2, "{}", nothing.stderr);
}

#[tokio::test]
async fn start_and_attach_say_the_number_and_the_directory_of_the_run() {
    let reply = StartReply::begun(44, "0193-tag".into());
    let fake = Fake::start().says("POST /v1/jobs/nightly/start", &reply).says("POST /v1/attach", &reply);
    assert_eq!(fake.run(&["start", "nightly"]).await.stdout, "run 44 0193-tag\n");
    let place = QueuePlace { r#type: None, running: 4, slots: 4, ahead: 2 };
    let fake = fake.says("POST /v1/jobs/weekly/start", &StartReply { queued: Some(place), ..reply });
    let queued = fake.run(&["start", "weekly"]).await;
    assert_eq!(queued.stdout, "run 44 0193-tag\n");
    assert_eq!(queued.stderr, "waits for a free slot: 4 of 4 runs are running; 2 runs are before it\n");
    let line = "attach --name fuzz --pid 7 --progress p.json --type agent --stall-after 2h --observe";
    assert_eq!(fake.run(&line.split(' ').collect::<Vec<_>>()).await.stdout, "run 44 0193-tag\n");
    let home = fake.home.path().display();
    let wanted = format!(
        r#"POST /v1/attach {{"name":"fuzz","type":"agent","pid":7,"pidfile":null,"progress":"{home}/p.json","cwd":"{home}","sources":[],"limits":{{"stall_after":"2h"}},"observe":true}}"#
    );
    assert_eq!(fake.asked().pop().unwrap(), wanted);
}

#[tokio::test]
async fn open_says_what_is_missing_and_else_starts_the_window_with_its_page() {
    let home = crate::fake::private_home();
    let installed = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let program = installed.path().join("nightkeep");
    std::fs::hard_link(crate::fake::program(), &program).unwrap();
    let open = |display: &'static str| {
        let mut command = tokio::process::Command::new(&program);
        command.args(["open", "run/41"]).env_clear().env("HOME", home.path()).env("DISPLAY", display);
        command.env("PATH", std::env::var_os("PATH").unwrap()).env("TRACE", home.path().join("trace"));
        async move { command.output().await.unwrap() }
    };
    let missing = String::from_utf8(open(":0").await.stderr).unwrap();
    assert!(missing.contains("nightkeep-app` is not installed"), "{missing}");

    let window = installed.path().join("nightkeep-app");
    std::fs::write(&window, "#!/bin/sh\necho \"$1\" > \"$TRACE\"\n").unwrap();
    std::fs::set_permissions(&window, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let blind = String::from_utf8(open("").await.stderr).unwrap();
    assert!(blind.starts_with("error: there is no display"), "{blind}");

    let trace = home.path().join("trace");
    assert!(std::process::Command::new("mkfifo").arg(&trace).status().unwrap().success());
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(trace).unwrap());
    assert!(open(":0").await.status.success());
    assert_eq!(tokio::time::timeout(std::time::Duration::from_secs(30), read).await.unwrap().unwrap(), "run/41\n");
}

#[tokio::test]
async fn doctor_starts_no_engine_and_names_what_is_broken() {
    let home = crate::fake::private_home();
    let good = crate::fake::run(home.path(), &["doctor"], &[]).await;
    assert_eq!(good.code(), 0, "{}", good.shown());
    assert!(good.stdout.contains("✓ engine"), "{}", good.stdout);
    assert!(!home.path().join("engine.sock").exists());
    std::fs::write(home.path().join("config.toml"), "[jobs.x]\ncommand = 7\n").unwrap();
    std::fs::write(home.path().join("nightkeep.db"), "not a database at all").unwrap();
    let bad = crate::fake::run(home.path(), &["doctor", "--json"], &[]).await;
    assert_eq!(bad.code(), 1);
    let report: serde_json::Value = serde_json::from_str(&bad.stdout).unwrap();
    let broken: Vec<&str> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["verdict"] == "broken")
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(broken, ["configuration", "history"]);
}

#[tokio::test]
async fn doctor_says_that_nobody_hears_pings_without_an_engine() {
    let home = tempfile::tempdir().unwrap();
    let line = async || {
        let ended = crate::fake::run(home.path(), &["doctor"], &[]).await;
        let line = ended.stdout.lines().find(|line| line.split_whitespace().nth(1) == Some("pings"));
        let line = line.map(|line| line.trim().to_owned());
        assert!(!ended.stdout.contains("0123456789abcdef"), "{}", ended.stdout);
        line
    };
    assert_eq!(line().await, None);
    let config = "[pings]\nlisten = 0\nkey = \"0123456789abcdef012345\"\n";
    std::fs::write(home.path().join("config.toml"), config).unwrap();
    assert_eq!(line().await.as_deref(), Some("! pings          are not heard"));
}
