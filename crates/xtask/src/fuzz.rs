//! `cargo xtask fuzz`: a while of made-up input for each reader of what others write.
//!
//! Coverage is counted by the compiler and libFuzzer mutates: both are to be had with a stable compiler and a C++ one. What
//! is found goes into `target/fuzz/found`; mend the reader, give the file a name that says what it is, and move it into
//! `tests/corpora`, which the usual tests read.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::project::Project;
use crate::shell::{Task, headline};

/// What counts coverage and tells libFuzzer of it.
const COVERAGE: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Clink-dead-code",
];
/// The longest input that is made up: what breaks a reader is seldom long.
const INPUT_BYTES_MAX: u32 = 4096;
/// An input that takes a reader longer than this is a find, in seconds.
const INPUT_WITHIN_S: u32 = 10;
/// A reader that takes more memory than this is a find, in MiB.
const MEMORY_MIB_MAX: u32 = 1024;

/// What to try.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only these readers (`marker`, `config`, …); all when left out
    only: Vec<String>,
    /// How long for each reader, in seconds
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
    /// Bring into `tests/corpora` what reaches code that nothing in there reaches
    #[arg(long)]
    keep: bool,
}

/// `cargo xtask fuzz`.
pub(crate) fn command(options: &Options) -> Result<ExitCode> {
    let project = Project::find()?;
    let fuzzer = Fuzzer { corpora: project.root.join("tests/corpora"), home: project.target.join("fuzz"), project };
    let targets = fuzzer.chosen(&options.only)?;
    let program = fuzzer.build()?;
    let mut broken = Vec::new();
    for target in targets {
        headline(&target);
        if !fuzzer.run(&program, &target, options)? {
            broken.push(target);
        }
    }
    if broken.is_empty() {
        println!("\nnothing was found");
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nfound something for: {}; see `{}`", broken.join(", "), fuzzer.found().display());
    Ok(ExitCode::FAILURE)
}

struct Fuzzer {
    project: Project,
    corpora: PathBuf,
    home: PathBuf,
}

impl Fuzzer {
    fn found(&self) -> PathBuf {
        self.home.join("found")
    }

    /// The readers, each of which has a folder of input.
    fn chosen(&self, only: &[String]) -> Result<Vec<String>> {
        let folders = fs::read_dir(&self.corpora).context("read the folder of corpora")?;
        let folders = folders.flatten().filter(|entry| entry.path().is_dir());
        let mut known: Vec<String> = folders.filter_map(|folder| folder.file_name().into_string().ok()).collect();
        known.sort();
        if let Some(name) = only.iter().find(|name| !known.contains(name)) {
            bail!("there is no reader `{name}`; there are: {}", known.join(", "));
        }
        Ok(if only.is_empty() { known } else { only.to_vec() })
    }

    fn build(&self) -> Result<PathBuf> {
        headline("build");
        // With a target of its own nothing that runs during the build is slowed down.
        let version = Task::new("rustc").args(["-vV"]).output()?;
        let host =
            version.lines().find_map(|line| line.strip_prefix("host: ")).context("learn what this machine is")?;
        let task = self.project.task("cargo").args(["build", "--release", "--locked", "--target", host]);
        task.dir(self.project.root.join("tests/fuzz"))
            .env("RUSTFLAGS", COVERAGE.join(" "))
            .env("CARGO_TARGET_DIR", self.home.display().to_string())
            .run()?;
        Ok(self.home.join(host).join("release").join("nightkeep-fuzz"))
    }

    /// Whether nothing was found.
    fn run(&self, program: &std::path::Path, target: &str, options: &Options) -> Result<bool> {
        let grown = self.home.join("corpora").join(target);
        let committed = self.corpora.join(target);
        let found = self.found().join(target);
        fs::create_dir_all(&grown)?;
        fs::create_dir_all(&found)?;
        let fuzz = |arguments: &[String], folders: [&PathBuf; 2]| {
            Task::new(program.display().to_string())
                .env("NIGHTKEEP_FUZZ_TARGET", target)
                .args(arguments.to_vec())
                .args(folders.map(|folder| folder.display().to_string()))
        };
        let bounds = [
            format!("-max_total_time={}", options.seconds),
            format!("-max_len={INPUT_BYTES_MAX}"),
            format!("-timeout={INPUT_WITHIN_S}"),
            format!("-rss_limit_mb={MEMORY_MIB_MAX}"),
            format!("-artifact_prefix={}/", found.display()),
            "-print_final_stats=1".to_owned(),
            "-verbosity=0".to_owned(),
        ];
        let status = fuzz(&bounds, [&grown, &committed]).status()?;
        if options.keep && status.success() {
            fuzz(&["-merge=1".to_owned(), "-verbosity=0".to_owned()], [&committed, &grown]).run()?;
        }
        Ok(status.success())
    }
}
