//! Encrypted connections, for the engines that use sqlx: the certificates of a connection's files, why encryption did not
//! come about, in words for administrators, and what to advise about a connection that stands.

use holdfast_contract::connection::{TlsMode, TlsSettings};
use holdfast_contract::{ApiError, ErrorCode};
use rustls::{CertificateError, Error as Tls};

use crate::Result;
use crate::reach::Address;

/// What a connection's files hold, in PEM form.
pub(crate) struct Certificates {
    pub authority: Option<Vec<u8>>,
    pub client: Option<Vec<u8>>,
    pub client_key: Option<Vec<u8>>,
}

impl Certificates {
    pub async fn read(tls: &TlsSettings) -> Result<Self> {
        let authority = read_pem(tls.ca_file.as_deref(), "certificate authority").await?;
        let client = read_pem(tls.client_certificate_file.as_deref(), "client certificate").await?;
        let client_key = read_pem(tls.client_key_file.as_deref(), "client key").await?;
        if client.is_some() != client_key.is_some() {
            return Err(ApiError::new(
                ErrorCode::TlsFailed,
                "A client certificate and its key must be given together.",
            )
            .hint("Name both files, or neither.")
            .into());
        }
        Ok(Self { authority, client, client_key })
    }
}

async fn read_pem(path: Option<&str>, what: &str) -> Result<Option<Vec<u8>>> {
    let Some(path) = path else { return Ok(None) };
    tokio::fs::read(path).await.map(Some).map_err(|source| {
        ApiError::new(
            ErrorCode::TlsFailed,
            format!("The file with the {what}, {path}, cannot be read: {source}."),
        )
        .hint("Check the path and its permissions.")
        .into()
    })
}

/// About rows and passwords on their way to another machine; `offer` says how this product's server gets a certificate.
pub(crate) fn advice(address: &Address<'_>, transport: &str, offer: &str) -> Option<String> {
    if address.is_here() {
        return None;
    }
    let verified = matches!(address.tls.mode, TlsMode::VerifyCa | TlsMode::VerifyFull);
    match (transport, address.tls.mode) {
        ("unencrypted", TlsMode::Disable) => Some(
            "The connection to another machine is not encrypted: passwords and rows can be read on the way. Choose a TLS mode."
                .to_owned(),
        ),
        ("unencrypted", _) => Some(format!(
            "The server offers no TLS: passwords and rows can be read on the way. {offer}"
        )),
        _ if transport.starts_with("TLS") && !verified => Some(
            "The connection is encrypted but the server's certificate is not checked; verify-full is safer.".to_owned(),
        ),
        _ => None,
    }
}

/// The two sides came together and did not agree on encryption.
pub(crate) fn refused(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(source) => source.get_ref().is_some_and(|inner| inner.is::<Tls>()),
        _ => false,
    }
}

/// None when the error is about something else. What the library itself says is kept where it says more.
pub(crate) fn reason(error: &sqlx::Error) -> Option<String> {
    match error {
        sqlx::Error::Tls(source) => Some(in_words(source.as_ref())),
        sqlx::Error::Configuration(source) => Some(in_words(source.as_ref())),
        sqlx::Error::Io(source) => {
            source.get_ref()?.downcast_ref::<Tls>().map(|tls| in_words(tls as &dyn std::error::Error))
        }
        _ => None,
    }
}

fn in_words(error: &(dyn std::error::Error + 'static)) -> String {
    let said = error.to_string();
    // Version 1 certificates are refused while they are read, wherever they come from, our own client's included.
    if said.contains("UnsupportedCertVersion") {
        return "a certificate is of an old version (X.509 v1); the server's, the authority's and the client's \
                must be version 3"
            .to_owned();
    }
    let words = match error.downcast_ref::<Tls>() {
        Some(Tls::InvalidCertificate(certificate)) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the server's certificate has expired"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet; check the clocks of both machines"
            }
            CertificateError::UnknownIssuer => {
                "the server's certificate is not signed by a trusted certificate authority"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the server's certificate is for another host name"
            }
            CertificateError::Revoked => "the server's certificate was revoked",
            _ => return said,
        },
        _ => return said,
    };
    format!("{words} ({said})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_explained_and_the_rest_is_quoted() {
        let certificate = |what| sqlx::Error::Tls(Box::new(Tls::InvalidCertificate(what)));
        let said = |error: &sqlx::Error| reason(error).unwrap_or_default();
        assert!(said(&certificate(CertificateError::Expired)).contains("has expired"));
        assert!(said(&certificate(CertificateError::UnknownIssuer)).contains("not signed by a trusted"));
        let io = std::io::Error::other(Tls::InvalidCertificate(CertificateError::NotValidForName));
        assert!(said(&sqlx::Error::Io(io)).contains("another host name"));
        assert!(said(&sqlx::Error::Tls("UnsupportedCertVersion".into())).contains("version 3"));
        assert!(said(&sqlx::Error::Tls(Box::new(Tls::DecryptError))).contains("decrypt"));
        assert_eq!(reason(&sqlx::Error::PoolClosed), None);
    }
}
