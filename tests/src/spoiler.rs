//! A bad wire: stands between the program and a PostgreSQL server and changes rows on their way in. What the program sends
//! and what the server gets differ, and neither is told.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Takes one row of COPY text with its line end; what arrives instead. `None`: nothing does.
type Spoil = dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync;

pub struct Spoiler {
    port: u16,
    spoiled: Arc<AtomicUsize>,
}

impl Spoiler {
    /// Serves until the test program ends.
    pub fn before(
        server_port: u16,
        spoil: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let spoiled = Arc::new(AtomicUsize::new(0));
        let (spoil, count): (Arc<Spoil>, _) = (Arc::new(spoil), spoiled.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (spoil, count) = (spoil.clone(), count.clone());
                let server = TcpStream::connect(("127.0.0.1", server_port)).expect("the server answers");
                let (mut back_from, mut back_to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || {
                    std::io::copy(&mut back_from, &mut back_to).ok();
                    back_to.shutdown(std::net::Shutdown::Both).ok();
                });
                // An end of a connection is an error to this thread, and nothing else.
                std::thread::spawn(move || {
                    forward(client, &server, spoil.as_ref(), &count).ok();
                    server.shutdown(std::net::Shutdown::Both).ok();
                });
            }
        });
        Self { port, spoiled }
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}?sslmode=disable", self.port)
    }

    /// Rows that did not arrive as they were sent.
    pub fn spoiled(&self) -> usize {
        self.spoiled.load(Ordering::SeqCst)
    }
}

/// The first message has no type; after it each has a type, a length that counts itself, and a body.
fn forward(
    mut client: TcpStream,
    mut server: &TcpStream,
    spoil: &Spoil,
    count: &AtomicUsize,
) -> std::io::Result<()> {
    let mut length = [0; 4];
    client.read_exact(&mut length)?;
    server.write_all(&length)?;
    let mut first = vec![0; u32::from_be_bytes(length) as usize - 4];
    client.read_exact(&mut first)?;
    server.write_all(&first)?;
    loop {
        let mut kind = [0];
        client.read_exact(&mut kind)?;
        client.read_exact(&mut length)?;
        let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
        client.read_exact(&mut body)?;
        if kind == *b"d" {
            body = rows(&body, spoil, count);
        }
        server.write_all(&[kind.as_slice(), &(body.len() as u32 + 4).to_be_bytes(), &body].concat())?;
    }
}

fn rows(body: &[u8], spoil: &Spoil, count: &AtomicUsize) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for row in body.split_inclusive(|byte| *byte == b'\n') {
        let arrives = spoil(row);
        if arrives.as_deref() != Some(row) {
            count.fetch_add(1, Ordering::SeqCst);
        }
        out.extend(arrives.unwrap_or_default());
    }
    out
}
