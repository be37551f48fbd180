//! The certificates that a server is checked with, and what is wrong with one in words.

use std::error::Error;
use std::io;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, RootCertStore};

/// Whether a text in the PEM form has a certificate that a server can be checked with.
pub(crate) fn has_one(pem: &[u8]) -> bool {
    let mut store = RootCertStore::empty();
    CertificateDer::pem_slice_iter(pem)
        .filter_map(Result::ok)
        .any(|certificate| store.add(certificate).is_ok())
}

/// What is wrong with a secure connection, where this is why there is none.
pub(super) fn problem(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return Some(in_words(error));
        }
        // What is wrapped in an error of the system is not among its causes.
        cause = match error.downcast_ref().map(io::Error::get_ref) {
            Some(Some(wrapped)) => Some(wrapped),
            Some(None) | None => error.source(),
        };
    }
    None
}

fn in_words(error: &rustls::Error) -> String {
    use CertificateError as Wrong;
    if matches!(error, rustls::Error::InvalidMessage(_)) {
        return "it does not answer as a server of `https` does".to_owned();
    }
    let rustls::Error::InvalidCertificate(wrong) = error else {
        return "no secure connection can be made with it".to_owned();
    };
    // The library has no name of its own for this.
    let is_authority = || format!("{wrong:?}").contains("CaUsedAsEndEntity");
    let what = if matches!(wrong, Wrong::UnknownIssuer) {
        "is signed by nobody that is trusted here"
    } else if matches!(wrong, Wrong::Expired | Wrong::ExpiredContext { .. }) {
        "has expired"
    } else if matches!(wrong, Wrong::NotValidYet | Wrong::NotValidYetContext { .. }) {
        "is not valid yet, by the clock of this machine"
    } else if matches!(
        wrong,
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. }
    ) {
        "is for another name"
    } else if matches!(wrong, Wrong::Other(_)) && is_authority() {
        "is that of an authority, which signs others and serves nobody"
    } else {
        "is not in order"
    };
    format!(
        "its certificate {what}; `SSL_CERT_FILE` names the certificates that are trusted in place of the system's"
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_in_words() {
        let other = OtherError(Arc::new(io::Error::other("CaUsedAsEndEntity")));
        for (wrong, words) in [
            (CertificateError::UnknownIssuer, "nobody that is trusted"),
            (CertificateError::Expired, "has expired"),
            (CertificateError::NotValidYet, "not valid yet"),
            (CertificateError::NotValidForName, "another name"),
            (CertificateError::Other(other), "that of an authority"),
            (CertificateError::BadEncoding, "not in order"),
        ] {
            let plain = rustls::Error::InvalidCertificate(wrong);
            let wrapped = io::Error::other(plain.clone());
            let twice = io::Error::other(io::Error::other(plain.clone()));
            for said in [problem(&plain), problem(&wrapped), problem(&twice)] {
                let said = said.unwrap();
                assert!(said.contains(words), "{said}");
                assert!(said.contains("`SSL_CERT_FILE`"), "{said}");
            }
        }
        let closed = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(problem(&closed), None);
    }

    #[test]
    fn what_only_looks_like_a_certificate_is_none() {
        for pem in [
            "",
            "words",
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "-----BEGIN CERTIFICATE-----\nAAAA",
        ] {
            assert!(!has_one(pem.as_bytes()), "{pem}");
        }
        assert!(has_one(include_bytes!("certificates/root.pem")));
    }
}
