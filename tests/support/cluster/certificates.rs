//! The keys and certificates of a cluster: its authority, the API server's, an administrator's, and the key of service accounts.

use std::path::PathBuf;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use super::folder::Folder;

/// The files, all PEM.
pub struct Certificates {
    pub authority: PathBuf,
    pub server: PathBuf,
    pub server_key: PathBuf,
    pub admin: PathBuf,
    pub admin_key: PathBuf,
    pub accounts_public: PathBuf,
    pub accounts_key: PathBuf,
}

impl Certificates {
    /// Makes all of them.
    pub fn write(folder: &Folder) -> Self {
        let mut params = params("authority", &[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let accounts = KeyPair::generate().unwrap();
        let (server, server_key) = server(&issuer);
        let (admin, admin_key) = admin(&issuer);
        Self {
            authority: folder.write("authority.crt", authority.pem()),
            server: folder.write("server.crt", server),
            server_key: folder.write("server.key", server_key),
            admin: folder.write("admin.crt", admin),
            admin_key: folder.write("admin.key", admin_key),
            accounts_public: folder.write("accounts.pub", accounts.public_key_pem()),
            accounts_key: folder.write("accounts.key", accounts.serialize_pem()),
        }
    }
}

fn params(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let mut params = CertificateParams::new(hosts).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn server(issuer: &Issuer<'_, KeyPair>) -> (String, String) {
    let mut params = params("kube-apiserver", &["127.0.0.1", "localhost", "kubernetes.default.svc"]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    signed(&params, issuer)
}

/// The group is what makes an administrator: RBAC lets it do everything.
fn admin(issuer: &Issuer<'_, KeyPair>) -> (String, String) {
    let mut params = params("admin", &[]);
    params.distinguished_name.push(DnType::OrganizationName, "system:masters");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    signed(&params, issuer)
}

fn signed(params: &CertificateParams, issuer: &Issuer<'_, KeyPair>) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, issuer).unwrap().pem(), key.serialize_pem())
}
