//! What a machine needs before it can build and test Holdfast. Running it again changes nothing and is quick.

use std::fs;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use crate::postgres_sources;
use crate::process::{Outcome, npm, on_path, read, root, run};
use crate::servers;

/// Debian's names of what the programs are built with. Without one of them there is nothing to test.
const APT_TO_BUILD: &[&str] = &[
    "build-essential",
    "pkg-config",
    "libwebkit2gtk-4.1-dev",
    "libayatana-appindicator3-dev",
    "librsvg2-dev",
];

/// What drives the window in tests, and the servers and shells that tests use as peers and witnesses.
const APT_TO_TEST: &[&str] = &[
    "webkit2gtk-driver",
    "xvfb",
    "xauth",
    "dbus-daemon",
    "dbus-bin",
    "gnome-keyring",
    "libsecret-tools",
    "postgresql",
    "postgresql-client",
    // Without "mariadb-server", which would start a service of its own.
    "mariadb-server-core",
    "mariadb-client",
    "mydumper",
    "sqlite3",
    "openssl",
    "sqlite3-tools",
    "zstd",
    "fonts-dejavu-core",
];

const DNF: &str = "sudo dnf install gcc gcc-c++ make pkgconf webkit2gtk4.1-devel libayatana-appindicator-gtk3-devel \
     librsvg2-devel /usr/bin/WebKitWebDriver xorg-x11-server-Xvfb dbus-daemon dbus-tools gnome-keyring libsecret \
     postgresql-server postgresql-contrib mariadb-server mariadb mydumper sqlite sqlite-tools nodejs";
const BREW: &str = "brew install node postgresql@17 mariadb mydumper sqlite";
const WINGET: &str = "winget install --id Microsoft.VisualStudio.2022.BuildTools\n    \
     winget install --id Microsoft.EdgeWebView2Runtime\n    winget install --id OpenJS.NodeJS.LTS\n    \
     winget install --id PostgreSQL.PostgreSQL.17\n    winget install --id MariaDB.Server\n    winget install --id SQLite.SQLite";

/// Vite's floor.
const NODE: (u32, u32) = (20, 19);

pub fn setup() -> Outcome {
    system_packages()?;
    postgres_sources::fetch();
    node()?;
    page_packages()?;
    servers::servers()
}

fn system_packages() -> Outcome {
    if on_path("apt-get") {
        return apt();
    }
    let (system, command) = if on_path("dnf") {
        ("dnf", DNF)
    } else if cfg!(windows) {
        ("winget", WINGET)
    } else if cfg!(target_os = "macos") {
        ("brew", BREW)
    } else {
        println!("setup: no known package manager here; docs/troubleshooting.md lists what is needed");
        return Ok(());
    };
    println!("setup: if something is missing, {system} installs it:\n\n    {command}\n");
    Ok(())
}

fn apt() -> Outcome {
    let missing = missing_packages(&[APT_TO_BUILD, APT_TO_TEST].concat())?;
    if missing.is_empty() {
        return Ok(());
    }
    println!("setup: installing {}", missing.join(" "));
    // Fresh containers have no lists at all; elsewhere they are old only if the first try fails.
    if lists_present() && apt_install(&missing).is_ok() {
        return Ok(());
    }
    run(&mut as_root(&["apt-get", "update"]))?;
    install(&missing)
}

/// All at once is quickest. If that fails, one package that cannot be had must not stop the others: the build's are
/// needed, of the tests' each is tried alone, and the tests that miss it say so.
fn install(packages: &[&str]) -> Outcome {
    if apt_install(packages).is_ok() {
        return Ok(());
    }
    let to_build: Vec<&str> = packages.iter().copied().filter(|name| APT_TO_BUILD.contains(name)).collect();
    if !to_build.is_empty() {
        apt_install(&to_build).map_err(|reason| {
            format!("{} cannot be installed, and nothing is built without: {reason}", to_build.join(" "))
        })?;
    }
    for package in packages.iter().filter(|name| APT_TO_TEST.contains(name)) {
        if let Err(reason) = apt_install(&[package]) {
            println!(
                "setup: {package} is not there, so the tests that use it will fail and name it: {reason}"
            );
        }
    }
    Ok(())
}

fn missing_packages(wanted: &[&'static str]) -> Outcome<Vec<&'static str>> {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${Package} ${db:Status-Status}\\n"]).args(wanted);
    // It ends with an error when it does not know one of them; what it knows is printed all the same.
    let output = query.stderr(Stdio::null()).output().map_err(|error| format!("dpkg-query: {error}"))?;
    let known = String::from_utf8_lossy(&output.stdout);
    let installed = |package: &str| {
        known.lines().any(|line| {
            let mut words = line.split_whitespace();
            words.next() == Some(package) && words.next() == Some("installed")
        })
    };
    Ok(wanted.iter().copied().filter(|package| !installed(package)).collect())
}

fn lists_present() -> bool {
    fs::read_dir("/var/lib/apt/lists").is_ok_and(|lists| {
        lists.flatten().any(|entry| entry.file_name().to_string_lossy().contains("_Packages"))
    })
}

fn apt_install(packages: &[&str]) -> Outcome {
    let mut words = vec!["apt-get", "install", "--yes", "--no-install-recommends"];
    words.extend_from_slice(packages);
    run(as_root(&words).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Directly for root, otherwise with sudo, which asks for the password by itself.
fn as_root(words: &[&str]) -> Command {
    let root = read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut words = words.iter();
    let mut command = if root {
        Command::new(words.next().copied().unwrap_or_default())
    } else {
        let mut sudo = Command::new("sudo");
        sudo.arg("--preserve-env=DEBIAN_FRONTEND");
        sudo
    };
    command.args(words);
    command
}

/// Rust needs no check here: cargo refuses to build this very program with an older one, and says so.
fn node() -> Outcome {
    let wanted = format!(
        "Node {}.{} or later is needed (https://nodejs.org, or your version manager)",
        NODE.0, NODE.1
    );
    let said = read(Command::new("node").arg("--version")).map_err(|_| wanted.clone())?;
    match version(&said) {
        Some(found) if found >= NODE => Ok(()),
        _ => Err(format!("{wanted}; this is {}", said.trim())),
    }
}

fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().trim_start_matches('v').split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The page's packages, exactly as the lock file has them; it names the optional packages of every system.
pub fn page_packages() -> Outcome {
    let ui = root().join("ui");
    let at = |name: &str| fs::metadata(ui.join(name)).and_then(|found| found.modified()).ok();
    let wanted: Option<SystemTime> = at("package-lock.json").max(at("package.json"));
    if at("node_modules/.package-lock.json") >= wanted && wanted.is_some() {
        return Ok(());
    }
    run(&mut npm(["ci", "--no-audit", "--no-fund"]))?;
    // npm leaves its mark alone when there was nothing to do.
    let mark = ui.join("node_modules/.package-lock.json");
    let touched =
        fs::File::options().append(true).open(mark).and_then(|file| file.set_modified(SystemTime::now()));
    touched.map_err(|error| format!("marking ui/node_modules as current: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("v20.19.1\n"), Some((20, 19)));
        assert!(version("v20.9.0") < Some(NODE));
        assert!(version("v22.0.0") > Some(NODE));
        assert_eq!(version("nonsense"), None);
    }
}
