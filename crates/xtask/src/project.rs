//! Where things are in the checkout.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::shell::Task;

/// The checkout and where its builds go.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    /// The checkout's top.
    pub(crate) root: PathBuf,
    /// Cargo's target directory, wherever the environment or the user's configuration puts it.
    pub(crate) target: PathBuf,
}

/// How a build is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build.
    Dev,
    /// As it is given to people.
    Release,
}

impl Project {
    /// Asks cargo where the workspace and its target directory are.
    pub(crate) fn find() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = Task::new("cargo")
            .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
            .dir(manifest)
            .output()?;
        let metadata: serde_json::Value =
            serde_json::from_str(&text).context("read what cargo says of the workspace")?;
        let path = |name: &str| {
            metadata
                .get(name)
                .and_then(serde_json::Value::as_str)
                .map(PathBuf::from)
                .with_context(|| format!("find `{name}`"))
        };
        Ok(Self { root: path("workspace_root")?, target: path("target_directory")? })
    }

    /// The folder of the window's pages.
    pub(crate) fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    /// The folder of the sample agents.
    pub(crate) fn agents(&self) -> PathBuf {
        self.root.join("tests").join("agents")
    }

    /// A folder for notes of this program to itself; it may be deleted at any time.
    pub(crate) fn notes(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// Where the binaries of a profile are.
    pub(crate) fn binaries(&self, profile: Profile) -> PathBuf {
        self.target.join(match profile {
            Profile::Dev => "debug",
            Profile::Release => "release",
        })
    }

    /// One of our own binaries.
    pub(crate) fn binary(&self, profile: Profile, name: &str) -> PathBuf {
        self.binaries(profile).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// A task in the checkout's top.
    pub(crate) fn task(&self, program: impl Into<String>) -> Task {
        Task::new(program).dir(&self.root)
    }

    /// Builds binaries: (package, binary) each.
    pub(crate) fn build(&self, profile: Profile, what: &[(&str, &str)]) -> Result<()> {
        let mut task = self.task("cargo").args(["build", "--locked"]);
        if profile == Profile::Release {
            task = task.args(["--release"]);
        }
        for (package, binary) in what {
            task = task.args(["--package", package, "--bin", binary]);
        }
        task.run()
    }
}
