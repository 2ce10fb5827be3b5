//! Which product answers, and how old it is. MariaDB is told from MySQL by `version()` alone.

use holdfast_contract::{ApiError, ErrorCode};

use crate::{EngineError, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    Mysql,
    Mariadb,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub flavor: Flavor,
    /// 10.11.19 is 101119, 8.0.36 is 80036: comparable within one flavour only.
    pub number: u32,
    /// Without what distributions append: `10.11.19-MariaDB`, `8.0.36`.
    pub text: String,
}

impl Server {
    /// From `select version()`.
    pub fn parse(version: &str) -> Self {
        // Servers that replicate from very old ones put 5.5.5- in front.
        let said = version.strip_prefix("5.5.5-").unwrap_or(version);
        let digits = said.split(|c: char| c != '.' && !c.is_ascii_digit()).next().unwrap_or_default();
        let mut parts = digits.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        let number = next() * 10_000 + next() * 100 + next();
        let mariadb = said.to_ascii_lowercase().contains("mariadb");
        let (flavor, text) = if mariadb {
            (Flavor::Mariadb, format!("{digits}-MariaDB"))
        } else {
            (Flavor::Mysql, digits.to_owned())
        };
        Self { flavor, number, text }
    }

    pub fn is_mariadb(&self) -> bool {
        self.flavor == Flavor::Mariadb
    }

    pub fn mariadb_since(&self, number: u32) -> bool {
        self.flavor == Flavor::Mariadb && self.number >= number
    }

    pub fn mysql_since(&self, number: u32) -> bool {
        self.flavor == Flavor::Mysql && self.number >= number
    }

    /// Refuses servers whose catalogs the capture does not know.
    pub fn require(&self, place: &str) -> Result<()> {
        if self.mariadb_since(OLDEST_MARIADB) || self.mysql_since(OLDEST_MYSQL) {
            return Ok(());
        }
        let (product, oldest) = match self.flavor {
            Flavor::Mariadb => ("MariaDB", "10.3"),
            Flavor::Mysql => ("MySQL", "5.7"),
        };
        let error: EngineError = ApiError::new(
            ErrorCode::VersionUnsupported,
            format!("The server at {place} is older than {product} {oldest}."),
        )
        .hint("Holdfast works with MariaDB 10.3 and MySQL 5.7, and later.")
        .native(self.text.clone())
        .into();
        Err(error)
    }
}

const OLDEST_MARIADB: u32 = 100_300;
const OLDEST_MYSQL: u32 = 50_700;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_servers_say_them() {
        for (said, flavor, number, text) in [
            ("10.11.19-MariaDB-0+deb12u1-log", Flavor::Mariadb, 101_119, "10.11.19-MariaDB"),
            ("5.5.5-10.6.16-MariaDB", Flavor::Mariadb, 100_616, "10.6.16-MariaDB"),
            ("8.0.36-0ubuntu0.22.04.1", Flavor::Mysql, 80_036, "8.0.36"),
            ("9.1.0", Flavor::Mysql, 90_100, "9.1.0"),
            ("5.7.44-log", Flavor::Mysql, 50_744, "5.7.44"),
        ] {
            let server = Server::parse(said);
            assert_eq!((server.flavor, server.number, server.text.as_str()), (flavor, number, text));
            assert!(server.require("here").is_ok(), "{said}");
        }
        for old in ["10.2.44-MariaDB", "5.6.51", "5.5.68-MariaDB"] {
            let error = Server::parse(old).require("here").err().map(|error| error.code());
            assert_eq!(error, Some(ErrorCode::VersionUnsupported), "{old}");
        }
    }
}
