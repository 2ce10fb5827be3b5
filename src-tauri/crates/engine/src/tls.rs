//! Why an encrypted connection did not come about, in words for administrators; shared by the engines that use sqlx.

use rustls::{CertificateError, Error as Tls};

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
