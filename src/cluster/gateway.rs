//! The stack below the client: TCP with keep-alive, proxies, TLS, credentials that renew themselves; it never retries
//! what the server answered, save once after a renewed credential.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::FutureExt;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use hyper::{
    body::Incoming,
    rt::{Read, Write},
};
use hyper_util::{
    client::legacy::connect::{
        Connection, HttpConnector,
        proxy::{SocksV5, Tunnel},
    },
    rt::{TokioExecutor, TokioTimer},
};
use jiff::Timestamp;
use kube::{
    Client, Config,
    client::{Body, ConfigExt},
};
use tokio::sync::Mutex;
use tower::{
    BoxError, Layer, Service, ServiceExt,
    util::{BoxCloneSyncService, option_layer},
};

use super::{
    Problem,
    exec_plugin::{Credential, ExecPlugin},
    problem::Fault,
};

/// How long TCP, proxy and TLS together may take.
const CONNECT_TIME: Duration = Duration::from_secs(20);
/// Idle connections are probed this often, so that a dead one is found and a balancer keeps a living one.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// A plugin that failed or whose credential was refused is not run again sooner.
const PLUGIN_PAUSE: Duration = Duration::from_secs(5);

/// Sends absolute requests.
type Gateway = BoxCloneSyncService<Request<Body>, Response<Incoming>, BoxError>;

/// A client of this configuration. `plugin` gives the credentials where the kubeconfig says so; `credential` is what
/// it gave already, if it ran.
pub(super) fn client(
    config: &Config,
    plugin: Option<ExecPlugin>,
    credential: Option<Credential>,
) -> Result<Client, Problem> {
    // Another crate may bring a second provider; an earlier installation is as good as this one.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let built = if let Some(plugin) = plugin {
        Renewing::gateway(config.clone(), plugin, credential)?
    } else {
        let authentication = config.auth_layer().map_err(|error| unusable(&error))?;
        BoxCloneSyncService::new(option_layer(authentication).layer(gateway(config)?).map_err(BoxError::from))
    };
    let headers = config.extra_headers_layer().map_err(|error| unusable(&error))?;
    let decompression = tower_http::decompression::DecompressionLayer::new().gzip(!config.disable_compression);
    let service = config.base_uri_layer().layer(headers.layer(decompression.layer(built)));
    Ok(Client::new(service, config.default_namespace.clone()))
}

fn unusable(error: &kube::Error) -> Problem {
    Fault::broken(error)
        .problem("cannot use this context")
        .with_hint("correct the context's cluster or user in the kubeconfig")
}

impl Problem {
    fn with_hint(mut self, hint: &str) -> Self {
        hint.clone_into(&mut self.hint);
        self
    }
}

/// Connections as the configuration says, without credentials other than a client certificate.
fn gateway(config: &Config) -> Result<Gateway, Problem> {
    let config = &trusting(config);
    let Some(proxy) = &config.proxy_url else {
        return over(config, tcp());
    };
    match proxy.scheme_str() {
        Some("socks5") => {
            let mut socks = SocksV5::new(without_userinfo(proxy), tcp()).local_dns(false);
            if let Some((user, password)) = userinfo(proxy) {
                socks = socks.with_auth(user, password);
            }
            over(config, socks)
        }
        Some("https") => {
            // The proxy is somebody else's: it is checked against the system's roots, not the cluster's, and gets no client certificate.
            let theirs = Config::new(proxy.clone());
            let secured = theirs.rustls_https_connector_with_connector(tcp()).map_err(|error| unusable(&error))?;
            over(config, with_basic_auth(Tunnel::new(without_userinfo(proxy), secured), proxy))
        }
        _ => over(config, with_basic_auth(Tunnel::new(without_userinfo(proxy), tcp()), proxy)),
    }
}

/// On a machine without any root certificates the system's verifier cannot even be made; where it will not be asked,
/// an empty store stands in.
fn trusting(config: &Config) -> Config {
    let mut config = config.clone();
    let never_asked = config.accept_invalid_certs || config.cluster_url.scheme_str() == Some("http");
    if never_asked && config.root_cert.is_none() {
        config.root_cert = Some(Vec::new());
    }
    config
}

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIME));
    // No TCP user timeout: it would kill a session whose far end has merely not read its input for a while.
    tcp.set_keepalive(Some(KEEP_ALIVE));
    tcp.set_keepalive_interval(Some(KEEP_ALIVE / 2));
    tcp.set_keepalive_retries(Some(3));
    tcp
}

fn userinfo(proxy: &Uri) -> Option<(String, String)> {
    let (userinfo, _) = proxy.authority()?.as_str().rsplit_once('@')?;
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    Some((percent_decoded(user), percent_decoded(password)))
}

fn percent_decoded(text: &str) -> String {
    // A form decoder would turn `+` into a space, which userinfo does not.
    let escaped = text.replace('+', "%2B");
    form_urlencoded::parse(escaped.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

fn without_userinfo(proxy: &Uri) -> Uri {
    let mut parts = proxy.clone().into_parts();
    parts.authority = parts.authority.and_then(|authority| match authority.as_str().rsplit_once('@') {
        Some((_, place)) => place.parse().ok(),
        None => Some(authority),
    });
    Uri::from_parts(parts).unwrap_or_else(|_| proxy.clone())
}

fn with_basic_auth<C>(tunnel: Tunnel<C>, proxy: &Uri) -> Tunnel<C> {
    let header = userinfo(proxy).and_then(|(user, password)| {
        HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))).ok()
    });
    match header {
        Some(header) => tunnel.with_auth(header),
        None => tunnel,
    }
}

fn over<C>(config: &Config, connector: C) -> Result<Gateway, Problem>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let secured = config.rustls_https_connector_with_connector(connector).map_err(|error| unusable(&error))?;
    let bounded = secured.map_future(|connecting| {
        async move {
            let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, "no connection was made in time");
            tokio::time::timeout(CONNECT_TIME, connecting).await.map_err(|_| BoxError::from(late()))?
        }
        .boxed()
    });
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(60))
        .build(bounded);
    Ok(BoxCloneSyncService::new(ServiceExt::<Request<Body>>::map_err(client, BoxError::from)))
}

/// A gateway whose credential comes from a plugin and is replaced before it ends and when it is refused.
struct Renewing {
    config: Config,
    plugin: ExecPlugin,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    current: Option<Arc<Current>>,
    /// When the plugin ran last, and how it failed if it did.
    last_run: Option<(Instant, Option<Problem>)>,
}

struct Current {
    gateway: Gateway,
    authorization: Option<HeaderValue>,
    credential: Credential,
}

impl Renewing {
    fn gateway(config: Config, plugin: ExecPlugin, credential: Option<Credential>) -> Result<Gateway, Problem> {
        let current = credential.map(|credential| with_credential(&config, credential)).transpose()?;
        let state = State { current: current.map(Arc::new), last_run: None };
        let renewing = Arc::new(Self { config, plugin, state: Mutex::new(state) });
        Ok(BoxCloneSyncService::new(tower::service_fn(move |request| {
            let renewing = Arc::clone(&renewing);
            async move { renewing.send(request).await }
        })))
    }

    async fn send(&self, request: Request<Body>) -> Result<Response<Incoming>, BoxError> {
        let (parts, body) = request.into_parts();
        let again = body.try_clone().map(|body| Request::from_parts(parts.clone(), body));
        let current = self.current(None).await?;
        let response = current.send(Request::from_parts(parts, body)).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        // The server revoked it before its time, or it never had one: once with a new one.
        match (again, self.current(Some(&current)).await) {
            (Some(again), Ok(renewed)) if !Arc::ptr_eq(&renewed, &current) => renewed.send(again).await,
            _ => Ok(response),
        }
    }

    /// The credential to use, made anew if it is ending or is the one that was refused.
    async fn current(&self, refused: Option<&Arc<Current>>) -> Result<Arc<Current>, Problem> {
        let mut state = self.state.lock().await;
        let now = Timestamp::now();
        let held = state.current.clone();
        let fresh = |current: &Arc<Current>| {
            !current.credential.is_ending(now) && refused.is_none_or(|refused| !Arc::ptr_eq(refused, current))
        };
        if let Some(current) = held.as_ref().filter(|current| fresh(current)) {
            return Ok(Arc::clone(current));
        }
        let usable = held.filter(|current| !current.credential.has_expired(now));
        let resting = state.last_run.as_ref().filter(|(ran, _)| ran.elapsed() < PLUGIN_PAUSE);
        if let Some((_, failure)) = resting {
            return match (usable, failure) {
                (Some(current), _) => Ok(current),
                (None, Some(problem)) => Err(problem.clone()),
                (None, None) => Err(Problem::new(
                    "cannot log in",
                    "the credential plugin gives credentials that have already expired",
                    "check this machine's clock and the plugin",
                )),
            };
        }
        let outcome = match self.plugin.run().await {
            Ok(credential) => with_credential(&self.config, credential),
            Err(problem) => Err(problem),
        };
        state.last_run = Some((Instant::now(), outcome.as_ref().err().cloned()));
        match (outcome, usable) {
            (Ok(current), _) => {
                let current = Arc::new(current);
                state.current = Some(Arc::clone(&current));
                Ok(current)
            }
            // What still holds is better than nothing.
            (Err(problem), Some(current)) => {
                tracing::warn!(%problem, "the credential could not be renewed");
                Ok(current)
            }
            (Err(problem), None) => Err(problem),
        }
    }
}

impl Current {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Incoming>, BoxError> {
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(header::AUTHORIZATION, authorization.clone());
        }
        self.gateway.clone().oneshot(request).await
    }
}

fn with_credential(config: &Config, credential: Credential) -> Result<Current, Problem> {
    let mut config = config.clone();
    if let Some((certificate, key)) = &credential.identity {
        config.auth_info.client_certificate_data = Some(STANDARD.encode(certificate));
        config.auth_info.client_key_data = Some(STANDARD.encode(key).into());
    }
    let authorization = match &credential.token {
        Some(token) => {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
                Problem::new(
                    "cannot log in",
                    "the credential plugin's token holds characters no header may",
                    "check the plugin",
                )
            })?;
            value.set_sensitive(true);
            Some(value)
        }
        None => None,
    };
    Ok(Current { gateway: gateway(&config)?, authorization, credential })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_password_is_decoded_and_kept_out_of_its_address() {
        let proxy: Uri = "http://me:pa%40ss+1@proxy:3128".parse().unwrap();
        assert_eq!(userinfo(&proxy), Some(("me".to_owned(), "pa@ss+1".to_owned())));
        assert_eq!(without_userinfo(&proxy), "http://proxy:3128");
        assert_eq!(userinfo(&"http://proxy:3128".parse().unwrap()), None);
    }
}
