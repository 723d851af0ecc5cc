//! TLS in front of a plain server, with a certificate that only those trust who are told to.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A TLS server for `localhost` that passes on to a plain one.
pub struct Https {
    address: SocketAddr,
    /// Its certificate, PEM.
    pub certificate: String,
}

impl Https {
    /// Starts in front of a server that ends each connection after its answer.
    pub fn before(plain: SocketAddr) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private).unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
                // A client that doesn't trust the certificate ends it.
                thread::spawn(move || pass(StreamOwned::new(tls, connection), plain));
            }
        });
        Self { address, certificate: certificate.pem() }
    }

    /// Where a path is, by name.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }
}

/// Passes a request without a body on, then the whole answer back.
fn pass(mut client: StreamOwned<ServerConnection, TcpStream>, plain: SocketAddr) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let mut server = TcpStream::connect(plain)?;
    server.write_all(&head)?;
    io::copy(&mut server, &mut client)?;
    client.conn.send_close_notify();
    client.flush()?;
    client.sock.shutdown(Shutdown::Write)
}
