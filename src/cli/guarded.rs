//! Contexts as the person's safety choices leave them: read-only where they said so, and with every change on record.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::mpsc;

use super::config::AuditConfig;
use super::{Arguments, Config, kubeconfig_contexts, say, told};
use crate::app::Settings;
use crate::cluster::{Cluster, ContextInfo, Contexts, Problem, Witness};
use crate::runtime::audit::{self, Audit};
use crate::runtime::places::in_state_directory;

/// Contexts behind the safety choices.
pub(super) struct Guarded {
    inner: Arc<dyn Contexts>,
    settings: Settings,
    audit: Option<Arc<Audit>>,
    troubles: Mutex<Option<mpsc::UnboundedReceiver<Problem>>>,
}

/// What the safety choices make of these contexts; the settings learn what the audit log remembers.
///
/// # Errors
/// An audit log that was asked for by name and cannot be written.
pub(super) fn guarded(
    inner: Arc<dyn Contexts>,
    settings: &mut Settings,
    place: Option<AuditPlace>,
) -> anyhow::Result<Arc<Guarded>> {
    let (tell, troubles) = mpsc::unbounded_channel();
    let audit = match place {
        None => None,
        Some(AuditPlace { file, asked_for }) => {
            settings.made = audit::read(&file).map(|entries| audit::debuggers(&entries)).unwrap_or_default();
            let told = tell.clone();
            let complain = move |what: String| {
                let _ = told.send(trouble(&what));
            };
            match Audit::open(&file, complain) {
                Ok(audit) => Some(Arc::new(audit)),
                Err(error) if asked_for => {
                    return Err(error).with_context(|| format!("cannot write the audit log {}", file.display()));
                }
                Err(error) => {
                    let _ = tell.send(trouble(&format!("there is no audit log: {}: {error}", file.display())));
                    None
                }
            }
        }
    };
    let settings = settings.clone();
    Ok(Arc::new(Guarded { inner, settings, audit, troubles: Mutex::new(Some(troubles)) }))
}

/// The current context behind the safety choices, for a sub-command without a screen. What is still to be recorded is
/// written when it is dropped.
pub(super) struct Entrance {
    /// What the person chose.
    pub(super) settings: Settings,
    /// The context's name.
    pub(super) context: String,
    contexts: Arc<Guarded>,
}

/// The way into the current context of the user's kubeconfig; nothing is asked of a cluster yet.
pub(super) async fn entrance(arguments: &Arguments, config: &Config) -> anyhow::Result<Entrance> {
    let contexts = kubeconfig_contexts(arguments).await?;
    let mut settings = config.settings(arguments);
    let contexts = guarded(Arc::new(contexts), &mut settings, AuditPlace::chosen(arguments, config))?;
    let context = contexts.current().context("no context is chosen; name one with --context")?;
    Ok(Entrance { settings, context, contexts })
}

impl Entrance {
    /// The cluster; what is wrong with the record of what is done there is told.
    pub(super) async fn connect(&self) -> anyhow::Result<Cluster> {
        let cluster = self.contexts.connect(&self.context).await.map_err(|problem| told(&problem))?;
        if let Some(mut troubles) = self.contexts.troubles()
            && let Ok(problem) = troubles.try_recv()
        {
            say(&format!("bathy: {problem}"));
        }
        Ok(cluster)
    }
}

impl Drop for Entrance {
    fn drop(&mut self) {
        self.contexts.close();
    }
}

fn trouble(what: &str) -> Problem {
    Problem::new(
        "what is done is not on record",
        what,
        "make room, or name another file with --audit; audit = false in the configuration switches it off",
    )
}

impl Guarded {
    /// Writes what is still to be recorded.
    pub(super) fn close(&self) {
        if let Some(audit) = &self.audit {
            audit.close();
        }
    }
}

impl Contexts for Guarded {
    fn list(&self) -> Vec<ContextInfo> {
        self.inner.list()
    }

    fn current(&self) -> Option<String> {
        self.inner.current()
    }

    fn connect<'a>(&'a self, context: &'a str) -> BoxFuture<'a, Result<Cluster, Problem>> {
        async move {
            let mut cluster = self.inner.connect(context).await?;
            if let Some(audit) = &self.audit {
                let witness: Arc<dyn Witness> = Arc::<Audit>::clone(audit);
                cluster = cluster.witnessed(witness);
            }
            Ok(if self.settings.is_read_only(context) { cluster.read_only() } else { cluster })
        }
        .boxed()
    }

    fn troubles(&self) -> Option<mpsc::UnboundedReceiver<Problem>> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Where the audit log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AuditPlace {
    file: PathBuf,
    /// Whether the person named it, so that a run without it is not what they want.
    asked_for: bool,
}

impl AuditPlace {
    /// Where the choices put it; `None` where there is to be none.
    pub(super) fn chosen(arguments: &Arguments, config: &Config) -> Option<Self> {
        if let Some(place) = Self::named(arguments) {
            return Some(place);
        }
        match &config.audit {
            Some(AuditConfig::Switch(false)) => None,
            Some(AuditConfig::File(file)) => Some(Self { file: file.clone(), asked_for: true }),
            Some(AuditConfig::Switch(true)) | None => {
                in_state_directory("audit.jsonl").map(|file| Self { file, asked_for: false })
            }
        }
    }

    /// The file.
    pub(super) fn into_file(self) -> PathBuf {
        self.file
    }

    /// Where the command line puts it; the demo keeps none otherwise.
    pub(super) fn named(arguments: &Arguments) -> Option<Self> {
        arguments.audit.clone().map(|file| Self { file, asked_for: true })
    }
}
