//! The log behind tasks: one thread writes puts of many connections in one transaction; reads go to
//! threads that may block.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::metrics::Metrics;
use super::state::ServeError;
use crate::connection::{Job, Outcome};
use crate::frame::PutResult;
use crate::log::{Log, LogError, Put, SqliteLog};

/// Puts that may wait. Each connection has one at most; beyond it, connections wait to hand theirs
/// over.
const MAX_WAITING: usize = 256;

/// Most puts of one transaction, each of one frame.
const MAX_GROUP: usize = 64;

type Answer = oneshot::Sender<Result<Vec<PutResult>, LogError>>;

/// The log of a server.
pub(super) struct Store {
    log: Arc<SqliteLog>,
    puts: mpsc::Sender<(Option<Put>, Answer)>,
}

impl Store {
    pub(super) fn start(log: Arc<SqliteLog>, metrics: Arc<Metrics>) -> Result<Self, ServeError> {
        let (puts, waiting) = mpsc::channel(MAX_WAITING);
        let writer = log.clone();
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || write(&writer, waiting, &metrics))
            .map_err(|error| LogError(error.to_string()))?;
        Ok(Self { log, puts })
    }

    /// Does a job. A put is durable when this returns.
    pub(super) async fn run(&self, job: Job) -> Result<Outcome, LogError> {
        match job {
            Job::Put(put) => self.put(Some(put)).await.map(Outcome::Put),
            other => {
                let log = self.log.clone();
                let work = tokio::task::spawn_blocking(move || other.run(&*log));
                work.await.unwrap_or_else(|error| Err(LogError(error.to_string())))
            }
        }
    }

    /// Whether a transaction goes through.
    pub(super) async fn is_ready(&self) -> bool {
        self.put(None).await.is_ok()
    }

    async fn put(&self, put: Option<Put>) -> Result<Vec<PutResult>, LogError> {
        let (answer, result) = oneshot::channel();
        let gone = || LogError("the writer has stopped".to_owned());
        self.puts.send((put, answer)).await.map_err(|_| gone())?;
        result.await.unwrap_or_else(|_| Err(gone()))
    }
}

/// Group commit: what came while the last transaction ran goes into the next one together.
fn write(log: &SqliteLog, mut waiting: mpsc::Receiver<(Option<Put>, Answer)>, metrics: &Metrics) {
    while let Some(first) = waiting.blocking_recv() {
        let mut group = vec![first];
        while group.len() < MAX_GROUP {
            let Ok(next) = waiting.try_recv() else { break };
            group.push(next);
        }
        let (puts, answers): (Vec<_>, Vec<_>) = group.into_iter().unzip();
        let is_put: Vec<bool> = puts.iter().map(Option::is_some).collect();
        let puts: Vec<Put> = puts.into_iter().flatten().collect();
        let began = Instant::now();
        let result = log.put(&puts);
        metrics.commits.inc();
        metrics.puts.inc_by(u64::try_from(puts.len()).unwrap_or_default());
        metrics.commit_seconds.observe(began.elapsed().as_secs_f64());
        if let Err(error) = &result {
            tracing::error!(%error, "a transaction failed");
        }
        let mut results = result.map(Vec::into_iter);
        for (answer, is_put) in answers.into_iter().zip(is_put) {
            let own = match &mut results {
                Ok(results) if is_put => Ok(results.next().unwrap_or_default()),
                Ok(_) => Ok(Vec::new()),
                Err(error) => Err(LogError(error.0.clone())),
            };
            // Who asked may be gone.
            let _ = answer.send(own);
        }
    }
}
