//! Connection URLs as people paste them: the scheme, and the parts before the query. What its parameters mean, and what all
//! parts together make, stands in [`parts`].
//!
//! Errors name the part that is wrong and never repeat the URL: it may hold a password.

mod parts;

use holdfast_contract::connection::ConnectionSpec;
use holdfast_contract::snapshot::EngineKind;
use holdfast_contract::{ApiError, ErrorCode};
use secrecy::SecretString;

use self::parts::Parts;

#[derive(Debug)]
pub struct ParsedUrl {
    pub spec: ConnectionSpec,
    pub password: Option<SecretString>,
    /// Parts that were left out, in words.
    pub warnings: Vec<String>,
}

pub fn parse(url: &str) -> Result<ParsedUrl, ApiError> {
    let url = url.trim();
    let Some((scheme, rest)) = url.split_once(':') else {
        return Err(bad("This is not a URL.").hint(
            "Write it as postgres://user@host/database, mysql://user@host/database or sqlite:///path.",
        ));
    };
    match scheme.to_ascii_lowercase().as_str() {
        "postgres" | "postgresql" => server(EngineKind::Postgres, rest),
        "mysql" | "mariadb" => server(EngineKind::Mysql, rest),
        "sqlite" => sqlite(rest),
        "d1" => {
            Err(ApiError::new(ErrorCode::Unsupported, "This kind of database is not in this version yet.")
                .hint("PostgreSQL, MySQL, MariaDB and SQLite are."))
        }
        _ => Err(bad("This kind of URL is not known.")
            .hint("Use postgres://, postgresql://, mysql://, mariadb:// or sqlite:///.")),
    }
}

fn server(engine: EngineKind, rest: &str) -> Result<ParsedUrl, ApiError> {
    let rest = rest.strip_prefix("//").ok_or_else(|| bad("After the scheme, // is missing."))?;
    let (rest, query) = split_once_or_all(rest, '?');
    if query.contains('#') || rest.contains('#') {
        return Err(bad("A # in a URL must be written %23."));
    }
    // The last @: libpq takes the first, and an unescaped @ in a password then becomes part of the host.
    let (credentials, rest) = rest.rsplit_once('@').map_or((None, rest), |(left, right)| (Some(left), right));
    let (authority, database) = split_once_or_all(rest, '/');
    let mut parts = Parts::default();
    if let Some(credentials) = credentials {
        if credentials.contains('/') {
            return Err(bad("A / or @ in the user or password must be written %2F or %40."));
        }
        let (user, password) = split_once_or_all(credentials, ':');
        parts.user = decoded(user, "user")?;
        parts.password = Some(decoded(password, "password")?).filter(|password| !password.is_empty());
    }
    let (host, port) = authority_parts(authority)?;
    parts.host = host;
    parts.port = port;
    parts.database = decoded(database, "database")?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = split_once_or_all(pair, '=');
        let (key, value) = (decoded(key, "parameter name")?, decoded(value, "parameter")?);
        match engine {
            EngineKind::Mysql => parts.mysql_parameter(&key, value)?,
            EngineKind::Postgres | EngineKind::Sqlite => parts.parameter(&key, value)?,
        }
    }
    parts.finish(engine)
}

/// Host and port; an IPv6 address stands in brackets.
fn authority_parts(authority: &str) -> Result<(String, Option<String>), ApiError> {
    if authority.contains(',') {
        return Err(host_list());
    }
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) = rest.split_once(']').ok_or_else(|| bad("The address is not closed by ]."))?;
        host.parse::<std::net::Ipv6Addr>()
            .map_err(|_| bad("The address in brackets is not an IPv6 address."))?;
        let port = match after {
            "" => None,
            _ => Some(
                after.strip_prefix(':').ok_or_else(|| bad("After the address, only a port may follow."))?,
            ),
        };
        return Ok((host.to_owned(), port.map(str::to_owned)));
    }
    let (host, port) = split_once_or_all(authority, ':');
    Ok((decoded(host, "host")?, Some(port.to_owned()).filter(|port| !port.is_empty())))
}

fn sqlite(rest: &str) -> Result<ParsedUrl, ApiError> {
    let (path, query) = split_once_or_all(rest, '?');
    let mut path = decoded(path.strip_prefix("//").unwrap_or(path), "path")?;
    // sqlite:///C:/data/shop.sqlite
    if cfg!(windows) && path.strip_prefix('/').is_some_and(|path| path.as_bytes().get(1) == Some(&b':')) {
        path.remove(0);
    }
    if !std::path::Path::new(&path).is_absolute() {
        return Err(
            bad("The path of a SQLite file must be absolute.").hint("Write it as sqlite:///absolute/path.")
        );
    }
    let mut warnings = Vec::new();
    if !query.is_empty() {
        warnings.push("What follows the ? in a SQLite URL is not used.".to_owned());
    }
    Ok(ParsedUrl { spec: ConnectionSpec::Sqlite { path }, password: None, warnings })
}

fn split_once_or_all(text: &str, at: char) -> (&str, &str) {
    text.split_once(at).unwrap_or((text, ""))
}

/// `%41` becomes `A`; a `+` stays a `+`.
fn decoded(text: &str, part: &str) -> Result<String, ApiError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = tail;
            continue;
        }
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or_else(|| {
                bad(format!("In the {part}, a % is not followed by two hex digits."))
                    .hint("Write a % itself as %25.")
            })?;
        bytes.push(byte);
        rest = &tail[2..];
    }
    let text = String::from_utf8(bytes).map_err(|_| bad(format!("The {part} is not UTF-8.")))?;
    if text.contains('\0') { Err(bad(format!("The {part} contains a zero byte."))) } else { Ok(text) }
}

fn bad(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, message)
}

pub(super) fn host_list() -> ApiError {
    ApiError::new(ErrorCode::Unsupported, "A list of several hosts is not supported.")
        .hint("Name one host; make one connection for each server.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use holdfast_contract::connection::{TlsMode, TlsSettings};
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn urls_and_what_they_mean() {
        // url, host, port, database, user, password
        let table = [
            ("postgres://ann@db.example.com/shop", "db.example.com", 5432, "shop", "ann", None),
            ("postgresql://ann:pw@db:6543/shop", "db", 6543, "shop", "ann", Some("pw")),
            ("POSTGRES://ann:p%40ss%2F%25@db/my%20shop", "db", 5432, "my shop", "ann", Some("p@ss/%")),
            ("postgres://ann:p@ss@db/shop", "db", 5432, "shop", "ann", Some("p@ss")),
            ("postgres://ann:a+b@db/shop", "db", 5432, "shop", "ann", Some("a+b")),
            ("postgres://ann@[::1]:5433/shop", "::1", 5433, "shop", "ann", None),
            ("postgres://ann@[fe80::1]/shop", "fe80::1", 5432, "shop", "ann", None),
            ("postgres://ann@%2Fvar%2Frun/shop", "/var/run", 5432, "shop", "ann", None),
            ("postgres://ann@/shop?host=/tmp/pg&port=5555", "/tmp/pg", 5555, "shop", "ann", None),
            (
                "postgres:///shop?host=/tmp/pg&user=ann&password=x%26y",
                "/tmp/pg",
                5432,
                "shop",
                "ann",
                Some("x&y"),
            ),
            ("postgres://ann@db", "db", 5432, "ann", "ann", None),
            ("postgres://ann:@db/", "db", 5432, "ann", "ann", None),
            ("postgres://ann@/shop", "localhost", 5432, "shop", "ann", None),
            ("  postgres://J%C3%BCrgen@db/%F0%9F%8D%8E  ", "db", 5432, "🍎", "Jürgen", None),
        ];
        for (url, host, port, database, user, password) in table {
            let parsed = parse(url).unwrap_or_else(|error| panic!("{url}: {error}"));
            let ConnectionSpec::Postgres { host: h, port: p, database: d, user: u, .. } = parsed.spec else {
                panic!("{url}")
            };
            assert_eq!((h.as_str(), p, d.as_str(), u.as_str()), (host, port, database, user), "{url}");
            assert_eq!(parsed.password.as_ref().map(|password| password.expose_secret()), password, "{url}");
        }
    }

    #[test]
    fn tls_by_libpqs_names() {
        let parsed = parse("postgres://a@h/d?sslmode=verify-ca&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem&application_name=x").unwrap();
        let ConnectionSpec::Postgres { tls, .. } = parsed.spec else { panic!() };
        assert_eq!(tls.mode, TlsMode::VerifyCa);
        assert_eq!(tls.ca_file.as_deref(), Some("/ca.pem"));
        assert_eq!(tls.client_key_file.as_deref(), Some("/k.pem"));
        assert_eq!(parsed.warnings.len(), 1);
    }

    #[test]
    fn mysql_and_mariadb() {
        let spec = |url: &str| parse(url).unwrap_or_else(|error| panic!("{url}: {error}")).spec;
        let wanted = |host: &str, port, mode| ConnectionSpec::Mysql {
            host: host.into(),
            port,
            database: "shop".into(),
            user: "ann".into(),
            tls: TlsSettings { mode, ..TlsSettings::default() },
        };
        for (url, host, port, mode) in [
            ("mysql://ann@db/shop", "db", 3306, TlsMode::Prefer),
            ("mariadb://ann:pw@db:3307/shop?ssl-mode=VERIFY_IDENTITY", "db", 3307, TlsMode::VerifyFull),
            ("mysql://ann@[::1]/shop?sslmode=disable", "::1", 3306, TlsMode::Disable),
            (
                "mysql://ann@/shop?socket=/run/mysqld/mysqld.sock",
                "/run/mysqld/mysqld.sock",
                3306,
                TlsMode::Prefer,
            ),
            ("MYSQL://ann@%2Frun%2Fm.sock/shop?ssl_mode=required", "/run/m.sock", 3306, TlsMode::Require),
        ] {
            assert_eq!(spec(url), wanted(host, port, mode), "{url}");
        }
        let tls =
            "mysql://a@h/d?ssl-mode=verify_ca&ssl-ca=/ca.pem&ssl-cert=/c.pem&ssl-key=/k.pem&charset=utf8mb4";
        let parsed = parse(tls).unwrap();
        assert_eq!(parsed.warnings.len(), 1);
        let ConnectionSpec::Mysql { tls, .. } = parsed.spec else { panic!() };
        assert_eq!((tls.mode, tls.ca_file.as_deref()), (TlsMode::VerifyCa, Some("/ca.pem")));
    }

    #[test]
    fn sqlite_paths() {
        for (url, path) in
            [("sqlite:///srv/shop.sqlite", "/srv/shop.sqlite"), ("sqlite:/srv/a%20b", "/srv/a b")]
        {
            assert_eq!(parse(url).unwrap().spec, ConnectionSpec::Sqlite { path: path.into() });
        }
        assert_eq!(parse("sqlite:///a?mode=ro").unwrap().warnings.len(), 1);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        use ErrorCode::*;
        for (url, code) in [
            ("", BadRequest),
            ("shop", BadRequest),
            ("http://ann:canary@db/shop", BadRequest),
            ("postgres:db", BadRequest),
            ("postgres://ann:canary@a,b/shop", Unsupported),
            ("postgres://ann:canary@a:1,b:2/shop", Unsupported),
            ("postgres://ann:canary@/shop?host=a,b", Unsupported),
            ("postgres://ann:canary@db:99999/shop", BadRequest),
            ("postgres://ann:canary@db:0/shop", BadRequest),
            ("postgres://ann:canary@db:canary/shop", BadRequest),
            ("postgres://ann:can/ary@db/shop", BadRequest),
            ("postgres://ann:%zzcanary@db/shop", BadRequest),
            ("postgres://ann:%+1canary@db/shop", BadRequest),
            ("postgres://ann:canary%@db/shop", BadRequest),
            ("postgres://ann:canary%00@db/shop", BadRequest),
            ("postgres://ann:canary@[::1/shop", BadRequest),
            ("postgres://ann:canary@[db]/shop", BadRequest),
            ("postgres://ann:canary@db/shop?sslmode=canary", BadRequest),
            ("postgres://ann@db/shop?hugo=canary", BadRequest),
            ("postgres://db/shop?password=canary", BadRequest),
            ("postgres://ann:can#ary@db/shop", BadRequest),
            ("sqlite://relative.sqlite", BadRequest),
            ("sqlite:", BadRequest),
            ("mysql://ann:canary@db", BadRequest),
            ("mysql://ann:canary@db/shop?ssl-mode=canary", BadRequest),
            ("mariadb://ann:canary@db:0/shop", BadRequest),
            ("mysql://db/shop?password=canary", BadRequest),
            ("mysql://ann:canary@db/shop?allowLoadLocalInfile=canary", BadRequest),
            ("d1://account/canary", Unsupported),
        ] {
            let error = parse(url).unwrap_err();
            assert_eq!(error.code, code, "{url}: {error}");
            assert!(!format!("{error:?}").contains("canary"), "{url}: {error:?}");
        }
    }
}
