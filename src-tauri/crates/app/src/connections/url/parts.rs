//! The parts of a server's URL: parameters by the names that libpq, and the clients of MySQL and MariaDB, know them by.

use holdfast_contract::ApiError;
use holdfast_contract::connection::{ConnectionSpec, TlsMode, TlsSettings};
use holdfast_contract::snapshot::EngineKind;
use secrecy::SecretString;

use super::{ParsedUrl, bad, host_list};

#[derive(Default)]
pub struct Parts {
    pub host: String,
    pub port: Option<String>,
    pub user: String,
    pub password: Option<String>,
    pub database: String,
    tls: TlsSettings,
    warnings: Vec<String>,
}

impl Parts {
    /// Parameters of the query override the parts before it, as with libpq.
    pub fn parameter(&mut self, key: &str, value: String) -> Result<(), ApiError> {
        match key {
            "host" => {
                if value.contains(',') {
                    return Err(host_list());
                }
                self.host = value;
            }
            "port" => self.port = Some(value),
            "user" => self.user = value,
            "password" => self.password = Some(value),
            "dbname" => self.database = value,
            "sslmode" => self.tls.mode = tls_mode(&value)?,
            // libpq's word for "the system's trust store".
            "sslrootcert" if value == "system" => {
                self.tls.ca_file = None;
                self.tls.mode = TlsMode::VerifyFull;
            }
            "sslrootcert" => self.tls.ca_file = Some(value),
            "sslcert" => self.tls.client_certificate_file = Some(value),
            "sslkey" => self.tls.client_key_file = Some(value),
            "application_name"
            | "connect_timeout"
            | "client_encoding"
            | "fallback_application_name"
            | "keepalives"
            | "target_session_attrs"
            | "options"
            | "gssencmode"
            | "channel_binding" => {
                self.warnings.push(format!("The URL's parameter {key} is not used."));
            }
            _ => {
                return Err(bad(format!("The URL's parameter {:?} is not known.", shortened(key)))
                    .hint("Remove it from the URL."));
            }
        }
        Ok(())
    }

    /// The names that MySQL's and MariaDB's own clients, Connector/J and the common drivers use.
    pub fn mysql_parameter(&mut self, key: &str, value: String) -> Result<(), ApiError> {
        match key.to_ascii_lowercase().replace('_', "-").as_str() {
            "host" => self.host = value,
            "port" => self.port = Some(value),
            "socket" | "unix-socket" => self.host = value,
            "user" => self.user = value,
            "password" => self.password = Some(value),
            "database" => self.database = value,
            "ssl-mode" | "sslmode" => self.tls.mode = mysql_tls_mode(&value)?,
            "ssl-ca" => self.tls.ca_file = Some(value),
            "ssl-cert" => self.tls.client_certificate_file = Some(value),
            "ssl-key" => self.tls.client_key_file = Some(value),
            "charset"
            | "collation"
            | "connect-timeout"
            | "connecttimeout"
            | "timezone"
            | "servertimezone"
            | "allowpublickeyretrieval"
            | "statement-cache-capacity"
            | "usessl"
            | "useunicode"
            | "characterencoding" => {
                self.warnings.push(format!("The URL's parameter {} is not used.", shortened(key)));
            }
            _ => {
                return Err(bad(format!("The URL's parameter {:?} is not known.", shortened(key)))
                    .hint("Remove it from the URL."));
            }
        }
        Ok(())
    }

    pub fn finish(self, engine: EngineKind) -> Result<ParsedUrl, ApiError> {
        let mysql = engine == EngineKind::Mysql;
        let port = match self.port {
            None if mysql => 3306,
            None => 5432,
            Some(port) => port
                .parse::<u16>()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| bad("The port is not a number between 1 and 65535."))?,
        };
        if self.user.is_empty() {
            let scheme = if mysql { "mysql" } else { "postgres" };
            return Err(
                bad("The URL names no user.").hint(format!("Write it as {scheme}://user@host/database."))
            );
        }
        let host = if self.host.is_empty() { "localhost".to_owned() } else { self.host };
        let (user, tls) = (self.user, self.tls);
        let spec = if mysql {
            if self.database.is_empty() {
                return Err(bad("The URL names no database.").hint("Write it as mysql://user@host/database."));
            }
            ConnectionSpec::Mysql { host, port, database: self.database, user, tls }
        } else {
            // libpq's own rule: without a database the user's name is tried.
            let database = if self.database.is_empty() { user.clone() } else { self.database };
            ConnectionSpec::Postgres { host, port, database, user, tls }
        };
        Ok(ParsedUrl { spec, password: self.password.map(SecretString::from), warnings: self.warnings })
    }
}

fn tls_mode(value: &str) -> Result<TlsMode, ApiError> {
    Ok(match value {
        "disable" => TlsMode::Disable,
        "allow" => TlsMode::Allow,
        "prefer" => TlsMode::Prefer,
        "require" => TlsMode::Require,
        "verify-ca" => TlsMode::VerifyCa,
        "verify-full" => TlsMode::VerifyFull,
        _ => {
            return Err(bad("The URL's sslmode is not known.")
                .hint("Use disable, allow, prefer, require, verify-ca or verify-full."));
        }
    })
}

/// MySQL's names; libpq's are taken too, because people mix them up.
fn mysql_tls_mode(value: &str) -> Result<TlsMode, ApiError> {
    Ok(match value.to_ascii_lowercase().replace('_', "-").as_str() {
        "disabled" | "disable" => TlsMode::Disable,
        "allow" => TlsMode::Allow,
        "preferred" | "prefer" => TlsMode::Prefer,
        "required" | "require" => TlsMode::Require,
        "verify-ca" => TlsMode::VerifyCa,
        "verify-identity" | "verify-full" => TlsMode::VerifyFull,
        _ => {
            return Err(bad("The URL's ssl-mode is not known.")
                .hint("Use DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY."));
        }
    })
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}
