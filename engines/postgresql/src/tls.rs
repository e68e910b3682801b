//! TLS as libpq's `sslmode` means it (PostgreSQL documentation, "SSL Mode Descriptions").

use errors::{Context, Error, Kind, Result};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use std::sync::Arc;
use stream::Options;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// What is proven of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Proof {
    Nothing,
    Chain,
    ChainAndName,
}

/// Whether TLS is asked for at all.
pub(crate) fn mode(options: &Options) -> SslMode {
    match options.text("sslmode") {
        Some("disable") => SslMode::Disable,
        Some("prefer") | None => SslMode::Prefer,
        Some(_) => SslMode::Require,
    }
}

/// Makes TLS connections as the options want them.
///
/// # Errors
/// `config`: certificates or key cannot be read.
pub(crate) fn connector(options: &Options) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(Verifier::new(options, Arc::clone(&provider))?);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .or_kind(Kind::Bug, || "set up TLS")?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match (options.text("sslcert"), options.text("sslkey")) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_file(key)
                .or_kind(Kind::Config, || format!("read the key {key}"))?;
            builder
                .with_client_auth_cert(chain, key)
                .or_kind(Kind::Config, || "use sslcert and sslkey")?
        }
        (None, None) => builder.with_no_client_auth(),
        _ => return Err(Error::new(Kind::Config, "sslcert and sslkey belong together")),
    };
    Ok(MakeRustlsConnect::new(config))
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .or_kind(Kind::Config, || format!("read the certificates of {path}"))
}

#[derive(Debug)]
struct Verifier {
    proof: Proof,
    provider: Arc<CryptoProvider>,
    chain: Option<Arc<WebPkiServerVerifier>>,
}

impl Verifier {
    fn new(options: &Options, provider: Arc<CryptoProvider>) -> Result<Self> {
        let root = options.text("sslrootcert");
        let proof = match options.text("sslmode") {
            Some("verify-full") => Proof::ChainAndName,
            Some("verify-ca") => Proof::Chain,
            // libpq: with a root certificate at hand, `require` proves the chain.
            Some("require") if root.is_some() => Proof::Chain,
            _ => Proof::Nothing,
        };
        let chain = match proof {
            Proof::Nothing => None,
            _ => {
                let roots = Arc::new(roots(root)?);
                let builder =
                    WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
                Some(builder.build().or_kind(Kind::Config, || "use the trusted certificates")?)
            }
        };
        Ok(Self { proof, provider, chain })
    }
}

fn roots(path: Option<&str>) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    let certificates = match path {
        Some(path) => certificates(path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    store.add_parsable_certificates(certificates);
    if store.is_empty() {
        return Err(Error::new(Kind::Config, "there are no certificates to trust")
            .hint("Name the server's root certificate with sslrootcert."));
    }
    Ok(store)
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        let verified =
            chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            // The chain is checked before the name: only the name is wrong.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if self.proof == Proof::Chain => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
