//! Programs of the operating system: found where they are, installed where the system is Debian and lets us.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::bail;

use super::Need;
use crate::{
    process,
    terminal::{note, step},
    workspace::find_program,
};

/// Debian's packages make a cluster that runs as a system service unless this says otherwise.
const CLUSTER_POLICY: &str = "/etc/postgresql-common/createcluster.conf";
/// The policy that the package itself brings.
const CLUSTER_POLICY_DEFAULT: &str = "/usr/share/postgresql-common/createcluster.conf";

/// Debian keeps PostgreSQL's server programs outside of the path, a folder per version.
pub(super) fn postgres_is_there() -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions
        .map(|version| version.path().join("bin/initdb"))
        .any(|initdb| initdb.is_file())
        || find_program("initdb").is_some()
}

/// Installs the packages of what is missing.
pub(super) fn bring(needs: &[Need]) -> anyhow::Result<()> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.is_there)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let Some(apt) = Apt::find() else {
        for need in &missing {
            note(&format!("missing: {} (for {})", need.name, need.purpose));
        }
        bail!(
            "install what is missing; on Debian, as root: apt-get install {}",
            packages.join(" ")
        );
    };
    step(&format!("set up: {}", packages.join(", ")), || apt.install(&packages))?;
    if let Some(need) = missing.iter().find(|need| !(need.is_there)()) {
        bail!(
            "the package {} is installed, but {} is still not found",
            need.package,
            need.name
        );
    }
    Ok(())
}

/// Installs Debian's package if it has exactly this upstream version.
pub(super) fn bring_version(package: &str, version: &str) -> anyhow::Result<()> {
    let Some(apt) = Apt::find() else {
        bail!("packages can only be installed on Debian, as root or with sudo");
    };
    apt.update();
    let known = process::output(Command::new("apt-cache").args(["madison", package]))?;
    // ` rust-src | 1.95.0+dfsg1-2 | http://… Packages`
    let exact = known
        .lines()
        .filter_map(|line| line.split('|').nth(1))
        .map(str::trim)
        .find(|candidate| {
            candidate
                .strip_prefix(version)
                .is_some_and(|rest| rest.starts_with(['+', '-', '~']))
        });
    match exact {
        Some(exact) => apt.install(&[&format!("{package}={exact}")]),
        None => bail!("Debian has no {package} of version {version} here"),
    }
}

/// apt-get with the right to install.
struct Apt {
    /// Through `sudo`.
    sudo: bool,
}

impl Apt {
    fn find() -> Option<Self> {
        if !Path::new("/etc/debian_version").is_file() || find_program("apt-get").is_none() {
            return None;
        }
        let user = process::output(Command::new("id").arg("-u")).ok()?;
        if user.trim() == "0" {
            return Some(Self { sudo: false });
        }
        let may = find_program("sudo").is_some() && process::succeeds(Command::new("sudo").args(["-n", "true"]));
        may.then_some(Self { sudo: true })
    }

    /// `program` with the right to change the system.
    fn privileged(&self, program: &str) -> Command {
        if self.sudo {
            let mut command = Command::new("sudo");
            command.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", program]);
            command
        } else {
            let mut command = Command::new(program);
            command.env("DEBIAN_FRONTEND", "noninteractive");
            command
        }
    }

    /// Lists may be old or absent; if they can't be renewed, what is there has to do.
    fn update(&self) {
        if process::run(self.privileged("apt-get").args(["update", "-qq"])).is_err() {
            note("the package lists could not be renewed; trying with those that are there");
        }
    }

    fn install(&self, packages: &[&str]) -> anyhow::Result<()> {
        self.update();
        let without_cluster = packages.contains(&"postgresql") && !Path::new(CLUSTER_POLICY).exists();
        if without_cluster {
            self.write(CLUSTER_POLICY, "create_main_cluster = false\n")?;
        }
        let mut install = self.privileged("apt-get");
        // Our cluster policy counts as a changed configuration file: keep it without asking.
        install.args([
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            "-o",
            "Dpkg::Options::=--force-confold",
        ]);
        let installed = process::run(install.args(packages));
        if without_cluster {
            let default = fs::read_to_string(CLUSTER_POLICY_DEFAULT).unwrap_or_default();
            self.write(CLUSTER_POLICY, &default)?;
        }
        installed
    }

    fn write(&self, path: &str, text: &str) -> anyhow::Result<()> {
        let folder = Path::new(path).parent().map(PathBuf::from).unwrap_or_default();
        process::run(self.privileged("mkdir").arg("-p").arg(folder))?;
        // The text is a parameter of the shell, never part of its script.
        process::run(
            self.privileged("sh")
                .args(["-c", "printf %s \"$1\" > \"$2\"", "sh", text, path]),
        )
    }
}
