//! Stands between a program and a MySQL server and cuts everything at a chosen command: what the program had asked
//! for until then has happened, nothing after it, as if the program had been killed there.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

pub struct Wire {
    pub port: u16,
    commands: Arc<AtomicUsize>,
    listening: AbortHandle,
}

impl Wire {
    /// Lets `allowed` commands of all sessions together through; then `at_the_cut` runs once and everything closes.
    pub async fn cut_after(
        server: u16,
        allowed: usize,
        at_the_cut: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let commands = Arc::new(AtomicUsize::new(0));
        let (counted, at_the_cut) = (commands.clone(), Arc::new(at_the_cut));
        let (cut, was_cut) = tokio::sync::watch::channel(false);
        let cut = Arc::new(cut);
        let listening = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(to) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                let (counted, at_the_cut, cut) = (counted.clone(), at_the_cut.clone(), cut.clone());
                let mut was_cut = was_cut.clone();
                tokio::spawn(async move {
                    let (mut from_client, mut to_client) = client.into_split();
                    let (mut from_server, mut to_server) = to.into_split();
                    let forward = async {
                        let mut packet = Vec::new();
                        loop {
                            let mut header = [0u8; 4];
                            if from_client.read_exact(&mut header).await.is_err() {
                                return;
                            }
                            let length = u32::from_le_bytes([header[0], header[1], header[2], 0]);
                            packet.resize(length as usize, 0);
                            if from_client.read_exact(&mut packet).await.is_err() {
                                return;
                            }
                            // A command begins a sequence; answers within the handshake do not.
                            if header[3] == 0 {
                                let before = counted.fetch_add(1, Ordering::SeqCst);
                                if before >= allowed {
                                    if before == allowed {
                                        at_the_cut();
                                    }
                                    let _everybody = cut.send(true);
                                    return;
                                }
                            }
                            if to_server.write_all(&header).await.is_err()
                                || to_server.write_all(&packet).await.is_err()
                            {
                                return;
                            }
                        }
                    };
                    tokio::select! {
                        () = forward => {}
                        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
                        _ = was_cut.wait_for(|cut| *cut) => {}
                    }
                });
            }
        })
        .abort_handle();
        Self { port, commands, listening }
    }

    /// Commands that were asked for so far.
    pub fn commands(&self) -> usize {
        self.commands.load(Ordering::SeqCst)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.listening.abort();
    }
}
