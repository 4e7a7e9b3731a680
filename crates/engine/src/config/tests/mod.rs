//! What a text says, and what is wrong with it.

mod editing;
mod files;
mod notifications;
mod pings;
mod preflight;
mod reports;
mod settings;
mod validating;

use super::*;

const SAMPLE: &str = r#"# Nightly work on the small machine.

[settings]
keep_days = 14

# The model is slow at night.
[types.llm]
stall_after = "20m" # was 15

[types.mine]
warn_after = "3s"
stall_after = 10

# Writes the articles.
[jobs.nightly]
type    = "llm"        # see above
command = "python3 gen.py --title 'two words'"
cwd     = "~/articles"
progress = "progress.json"
stall_after = "15m"

[jobs.nightly.env]
MODE = "night" # not "day"

# Builds the site.
[jobs."the site"]
command = ["make", "site"]
"#;

fn sample() -> Config {
    Config::parse(SAMPLE).unwrap()
}

fn fault_of(text: &str) -> String {
    Config::parse(text).unwrap_err().to_string()
}

#[test]
fn the_file_says_what_is_wanted() {
    let config = sample();
    assert_eq!(*config.settings(), Settings { keep_days: 14, ..Settings::default() });
    assert_eq!(config.jobs().iter().map(|job| job.name.as_str()).collect::<Vec<_>>(), ["nightly", "the site"]);
    let nightly = config.job("nightly").unwrap();
    assert_eq!(nightly.command, ["python3", "gen.py", "--title", "two words"]);
    assert_eq!(nightly.cwd.as_deref(), Some("~/articles"));
    assert_eq!(nightly.env.get("MODE").map(String::as_str), Some("night"));
    assert_eq!(nightly.limits.stall_after.as_deref(), Some("15m"));
}

#[test]
fn an_empty_file_is_a_configuration_with_the_built_in_types() {
    let config = Config::parse("").unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(
        config.type_names().collect::<Vec<_>>(),
        ["generic", "quick", "llm", "agent", "build", "research", "sentinel"]
    );
}

#[test]
fn the_longest_run_time_comes_from_the_job_then_its_type_then_the_settings_and_can_be_switched_off() {
    let text =
        "[settings]\nmax_runtime = \"8h\"\n[types.free]\nmax_runtime = \"off\"\n[types.short]\nmax_runtime = \"1h\"\n";
    let config = Config::parse(text).unwrap();
    let longest = |kind: &str, own: Option<&str>| {
        let own = LimitsSpec { max_runtime: own.map(str::to_owned), ..LimitsSpec::default() };
        view(&config.limits_for(Some(kind), &own).unwrap()).max_runtime_s
    };
    assert_eq!([longest("llm", None), longest("short", None)], [Some(28_800.0), Some(3_600.0)]);
    assert_eq!([longest("free", None), longest("short", Some("None"))], [None, None]);
    assert_eq!([longest("free", Some("2h")), longest("llm", Some("OFF"))], [Some(7_200.0), None]);
    let types = config.types();
    let shown = types.iter().find(|kind| kind.name == "generic").unwrap();
    assert_eq!(shown.limits.max_runtime_s, Some(28_800.0));
}

#[test]
fn a_longest_run_time_that_cannot_be_meant_is_placed_in_the_settings() {
    let said =
        ["0", "soon", "0s"].map(|text| fault_of(&format!("[settings]\nkeep_days = 3\nmax_runtime = \"{text}\"\n")));
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn limits_come_from_the_job_then_its_type_then_the_built_in_type_then_generic() {
    let config = sample();
    let limits = |kind: &str, stall: Option<&str>| {
        let own = LimitsSpec { stall_after: stall.map(str::to_owned), ..LimitsSpec::default() };
        view(&config.limits_for(Some(kind), &own).unwrap())
    };
    assert_eq!(limits("llm", Some("15m")).stall_after_s, 900.0);
    assert_eq!(limits("llm", None).stall_after_s, 1200.0);
    assert_eq!(limits("llm", None).warn_after_s, 300.0);
    assert_eq!(limits("build", None).stall_after_s, 3600.0);
    assert_eq!(limits("mine", None).grace_s, 20.0);
    assert_eq!(limits("mine", None).stall_after_s, 10.0);
    assert_eq!(view(&config.limits_of(config.job("the site").unwrap()).unwrap()).stall_after_s, 600.0);
}

#[test]
fn the_types_are_listed_with_what_comes_out_and_how_many_jobs_have_them() {
    let types = sample().types();
    let names: Vec<_> = types.iter().map(|t| (t.name.as_str(), t.built_in, t.jobs)).collect();
    assert_eq!(
        names,
        [
            ("generic", true, 1),
            ("quick", true, 0),
            ("llm", true, 1),
            ("agent", true, 0),
            ("build", true, 0),
            ("research", true, 0),
            ("sentinel", true, 0),
            ("mine", false, 0)
        ]
    );
}

#[test]
fn a_job_says_how_it_is_asked_to_end_and_how_much_of_its_output_is_kept() {
    let job = |text: &str| Config::parse(text).unwrap().job("a").unwrap().clone();
    let plain = job("[jobs.a]\ncommand = 'x'\n");
    let own = job("[jobs.a]\ncommand = 'x'\nstop_signal = 'sigint'\noutput_max = '1.5 MB'\n");
    assert_eq!(stop_signal_of(&plain), Ok(nightkeep_os::Signal::Term));
    assert_eq!(stop_signal_of(&own), Ok(nightkeep_os::Signal::Int));
    let config = Config::parse("[settings]\noutput_max = '30MB'\noutput_total_max = '2GB'\n").unwrap();
    assert_eq!(config.settings().output_total_max, 2_000_000_000);
    assert_eq!((config.output_max_of(&plain), config.output_max_of(&own)), (Ok(30_000_000), Ok(1_500_000)));
    assert_eq!(Config::default().output_max_of(&plain), Ok(20_000_000));
}

#[test]
fn how_many_runs_may_run_side_by_side_is_said_for_all_and_for_each_type() {
    let config = Config::parse("[settings]\nmax_running = 4\n[types.llm]\nmax_running = 1\n[types.mine]\n").unwrap();
    let capacities = config.capacities();
    assert_eq!(capacities.in_all, Some(4));
    assert_eq!(capacities.of_type.into_iter().collect::<Vec<_>>(), [("llm".to_owned(), 1)]);
    assert_eq!(config.types().iter().find(|kind| kind.name == "llm").unwrap().max_running, Some(1));
    let capacities = sample().capacities();
    assert!(!capacities.concern("llm"), "nothing is limited that nobody limits");
}

#[test]
fn every_fault_is_named_with_its_place() {
    let job = |line: &str| format!("[jobs.a]\ncommand = [\"x\"]\n{line}\n");
    let texts = [
        "[jobs.a\n".to_owned(),
        "a = \"unclosed\n".to_owned(),
        "[jobs.a]\ncommand = ['x']\ncommand = ['y']\n".to_owned(),
        "[job.a]\n".to_owned(),
        "[settings]\nnotify = true\n".to_owned(),
        "[settings]\nkeep_days = 0\n".to_owned(),
        "[settings]\nkeep_awake = \"sometimes\"\n".to_owned(),
        "[settings]\nkeep_awake = 1\n".to_owned(),
        "[settings]\nicon_style = \"red\"\n".to_owned(),
        "[settings]\noutput_max = \"much\"\n".to_owned(),
        "[settings]\noutput_total_max = true\n".to_owned(),
        "[settings]\nmax_running = 0\n".to_owned(),
        "[types.llm]\nmax_running = \"one\"\n".to_owned(),
        job("max_running = 1"),
        "jobs = 3\n".to_owned(),
        "[[jobs]]\n".to_owned(),
        "[jobs.a]\n".to_owned(),
        "[jobs.\"a/b\"]\ncommand = ['x']\n".to_owned(),
        "[jobs.a]\ncommand = ['x', 3]\n".to_owned(),
        "[jobs.a]\ncommand = \"sh -c 'x\"\n".to_owned(),
        job("   stal_after = \"10m\""),
        job("stall_after = 1.5"),
        job("stall_after = \"soon\""),
        job("warn_after = \"10m\"\nstall_after = \"5m\""),
        job("type = \"lllm\""),
        job("env = { A = 1 }"),
        job("env = { 'A=B' = 'x' }"),
        job("observe = \"yes\""),
        job("stop_signal = \"KILL\""),
        job("output_max = 100"),
        "[types.mine]\nwarn_after = \"20m\"\n".to_owned(),
        "[types.\"ä ö\"]\nstall_after = \"0\"\n".to_owned(),
        "jobs = { ä = { command = ['x'], cwd = 1 } }\n".to_owned(),
    ];
    let said: Vec<String> = texts.iter().map(|text| format!("{:?}\n  {}", text, fault_of(text))).collect();
    insta::assert_snapshot!(said.join("\n"));
}
