//! Rows on their way from several readers to one sink.
//!
//! Readers run as tasks of their own, so that decoding and hashing use several cores; what they read goes through short
//! queues to the caller's task, which alone knows the sink. Memory is bounded by the queues and what a reader has in hand.

use bytes::Bytes;
use futures::future::try_join_all;
use tokio::sync::mpsc;

use crate::content::ContentHasher;
use crate::{DumpSink, EngineError, Result, Unit};

/// Rows leave a reader in buffers of about this size.
pub(crate) const BUFFER: usize = 256 << 10;
/// Buffers waiting between one reader and the sink.
const QUEUE: usize = 4;

/// Of the piece with this number.
pub(crate) enum Event {
    Begin(usize),
    Data(Bytes),
    End(usize, Box<ContentHasher>),
}

/// The other side is gone: nobody wants the rest.
pub(crate) struct Abandoned;

/// A reader's end of its queue.
pub(crate) struct Outlet(mpsc::Sender<Result<Event>>);

impl Outlet {
    pub async fn send(&self, event: Event) -> Result<(), Abandoned> {
        self.0.send(Ok(event)).await.map_err(|_| Abandoned)
    }

    pub async fn fail(&self, error: EngineError) {
        // A closed queue means that the work was given up already.
        drop(self.0.send(Err(error)).await);
    }
}

pub(crate) struct Queue(mpsc::Receiver<Result<Event>>);

pub(crate) fn queue() -> (Outlet, Queue) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (Outlet(sender), Queue(receiver))
}

/// The caller's end of all queues: where the rows go, and what came of each piece.
pub(crate) struct Gathering<'a> {
    streams: Vec<&'a str>,
    sink: Option<&'a dyn DumpSink>,
    hashers: Vec<Option<ContentHasher>>,
}

impl<'a> Gathering<'a> {
    /// `streams` names each piece's stream, in the order of their numbers. Without a sink rows are only counted and hashed.
    pub fn new(streams: impl Iterator<Item = &'a str>, sink: Option<&'a dyn DumpSink>) -> Self {
        let streams: Vec<&str> = streams.collect();
        Self { hashers: vec![None; streams.len()], streams, sink }
    }

    /// Until these queues have ended. The first error of a reader ends it at once.
    pub async fn gather(&mut self, queues: impl IntoIterator<Item = Queue>) -> Result<()> {
        let finished = try_join_all(queues.into_iter().map(|queue| self.forward(queue))).await?;
        for (piece, hasher) in finished.into_iter().flatten() {
            self.hashers[piece] = Some(hasher);
        }
        Ok(())
    }

    /// One reader's rows into the sink.
    async fn forward(&self, mut queue: Queue) -> Result<Vec<(usize, ContentHasher)>> {
        let mut finished = Vec::new();
        let mut stream = None;
        while let Some(event) = queue.0.recv().await {
            match event? {
                Event::Begin(piece) => {
                    if let Some(sink) = self.sink {
                        stream = Some(sink.open(self.streams[piece], Unit::Line).await?);
                    }
                }
                Event::Data(data) => {
                    if let Some(stream) = &mut stream {
                        stream.write(data).await?;
                    }
                }
                Event::End(piece, hasher) => {
                    if let Some(stream) = stream.take() {
                        stream.finish().await?;
                    }
                    finished.push((piece, *hasher));
                }
            }
        }
        Ok(finished)
    }

    /// One hasher for each piece.
    pub fn hashers(self) -> Result<Vec<ContentHasher>> {
        self.hashers
            .into_iter()
            .collect::<Option<_>>()
            .ok_or_else(|| EngineError::internal("A reader ended before all rows were read."))
    }
}
