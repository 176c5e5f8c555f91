//! Connecting as a kubeconfig says, over real sockets on loopback: credentials, their renewal, impersonation, TLS.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bathyscope::cluster::{Contexts, KubeconfigContexts, KubeconfigOptions, PodKey};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("bathyscope-connect-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn contexts(&self, text: &str, options: KubeconfigOptions) -> KubeconfigContexts {
        let file = self.0.join("config");
        std::fs::write(&file, text).expect("a file");
        KubeconfigContexts::load(KubeconfigOptions { file: Some(file), ..options }).expect("a kubeconfig")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

type Seen = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// Answers every request with a pod if its token is one of these, and writes down what was asked.
fn serve<S>(stream: S, tokens: &'static [&'static str], seen: Seen)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let seen = Arc::clone(&seen);
        async move {
            let token =
                request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
            let known = tokens.iter().any(|known| token == format!("Bearer {known}"));
            seen.lock().expect("no panic").push((request.uri().path().to_owned(), request.headers().clone()));
            let (code, body) = if known {
                (200, r#"{"kind":"Pod","metadata":{"name":"p"}}"#)
            } else {
                (
                    401,
                    r#"{"kind":"Status","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#,
                )
            };
            Response::builder()
                .status(code)
                .body(Full::new(Bytes::from_static(body.as_bytes())))
                .map_err(io::Error::other)
        }
    });
    tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
}

async fn server(tokens: &'static [&'static str]) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("an address").to_string();
    let seen = Seen::default();
    let log = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream, tokens, Arc::clone(&log));
        }
    });
    (address, seen)
}

fn key() -> PodKey {
    PodKey { namespace: "shop".into(), name: "p".into() }
}

fn kubeconfig(server: &str, user: &str) -> String {
    format!(
        "current-context: here\nclusters:\n- name: c\n  cluster: {{{server}}}\ncontexts:\n- name: here\n  context: {{cluster: c, user: u}}\n\
         users:\n- name: u\n  user:\n{user}\n"
    )
}

#[tokio::test]
async fn token_path_and_impersonation_arrive() {
    let (address, seen) = server(&["secret"]).await;
    let folder = Folder::new();
    let options = KubeconfigOptions {
        impersonate: Some("ann".into()),
        impersonate_groups: vec!["dev".into(), "ops".into()],
        namespace: Some("shop".into()),
        ..KubeconfigOptions::default()
    };
    let contexts =
        folder.contexts(&kubeconfig(&format!("server: \"http://{address}/prefix/\""), "    token: secret"), options);
    assert_eq!(contexts.current().as_deref(), Some("here"));
    let cluster = contexts.connect("here").await.unwrap();
    assert_eq!(cluster.context().namespace.as_deref(), Some("shop"));
    cluster.pod(&key()).await.unwrap();
    let seen = seen.lock().unwrap();
    let (path, headers) = &seen[0];
    assert_eq!(path, "/prefix/api/v1/namespaces/shop/pods/p");
    assert_eq!(headers["impersonate-user"], "ann");
    let groups: Vec<_> = headers.get_all("impersonate-group").iter().collect();
    assert_eq!(groups, ["dev", "ops"]);
}

#[cfg(unix)]
fn plugin(folder: &Folder, answer: &str) -> String {
    let runs = folder.0.join("runs");
    let script = format!("echo x >> {runs}; n=$(wc -l < {runs}); {answer}", runs = runs.display());
    format!(
        "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      interactiveMode: Never\n      command: sh\n      args: [\"-c\", {}]",
        serde_json::Value::String(script)
    )
}

#[cfg(unix)]
fn runs(folder: &Folder) -> usize {
    std::fs::read_to_string(folder.0.join("runs")).map_or(0, |text| text.lines().count())
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_runs_once_and_again_when_its_token_is_refused() {
    let (address, _) = server(&["t2"]).await;
    let folder = Folder::new();
    let user = plugin(&folder, r#"echo "{\"status\":{\"token\":\"t$(echo $n)\"}}""#);
    let contexts =
        folder.contexts(&kubeconfig(&format!("server: \"http://{address}\""), &user), KubeconfigOptions::default());
    let cluster = contexts.connect("here").await.unwrap();
    assert_eq!(runs(&folder), 1);
    cluster.pod(&key()).await.expect("the second token is taken, without the caller's doing");
    assert_eq!(runs(&folder), 2);
    cluster.pod(&key()).await.unwrap();
    assert_eq!(runs(&folder), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_whose_tokens_are_never_good_is_not_run_for_each_request() {
    let (address, seen) = server(&[]).await;
    let folder = Folder::new();
    let user = plugin(&folder, r#"echo "{\"status\":{\"token\":\"t$(echo $n)\"}}""#);
    let contexts =
        folder.contexts(&kubeconfig(&format!("server: \"http://{address}\""), &user), KubeconfigOptions::default());
    let cluster = contexts.connect("here").await.unwrap();
    for _ in 0..5 {
        let problem = cluster.pod(&key()).await.unwrap_err();
        assert!(problem.hint.contains("log in"), "{problem}");
    }
    assert_eq!(runs(&folder), 2);
    assert!(seen.lock().unwrap().len() <= 6);
}

#[cfg(unix)]
#[tokio::test]
async fn a_token_that_ends_is_replaced_before_a_request_needs_it() {
    let (address, seen) = server(&["t1", "t2"]).await;
    let folder = Folder::new();
    // The first is as good as over; the second lasts.
    let user = plugin(
        &folder,
        r#"if [ $n = 1 ]; then e=2001-01-01; else e=2999-01-01; fi; echo "{\"status\":{\"token\":\"t$(echo $n)\",\"expirationTimestamp\":\"${e}T00:00:00Z\"}}""#,
    );
    let contexts =
        folder.contexts(&kubeconfig(&format!("server: \"http://{address}\""), &user), KubeconfigOptions::default());
    let cluster = contexts.connect("here").await.unwrap();
    cluster.pod(&key()).await.unwrap();
    assert_eq!(seen.lock().unwrap()[0].1["authorization"], "Bearer t2");
    assert_eq!(runs(&folder), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_that_needs_the_terminal_says_so_before_it_is_run() {
    let folder = Folder::new();
    let user = plugin(&folder, "exit 0").replace("interactiveMode: Never", "interactiveMode: Always");
    let contexts = folder.contexts(&kubeconfig("server: \"http://127.0.0.1:1\"", &user), KubeconfigOptions::default());
    assert!(contexts.needs_login("here").is_some_and(|command| command.starts_with("sh -c")));
    assert!(contexts.connect("here").await.is_err());
    assert_eq!(runs(&folder), 0);
}

#[tokio::test]
async fn tls_trusts_the_kubeconfigs_authority_and_no_other() {
    let certified = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into(), "api.test".into()]).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["127.0.0.1".into()]).unwrap();
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let config = tokio_rustls::rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], certified.signing_key.serialize_der().try_into().unwrap())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                serve(stream, &["secret"], Seen::default());
            }
        }
    });
    let folder = Folder::new();
    let connect = async |authority: &str, more: &str| {
        use base64::Engine;
        let data = base64::engine::general_purpose::STANDARD.encode(authority);
        let authority =
            if authority.is_empty() { String::new() } else { format!(", certificate-authority-data: {data}") };
        let server = format!("server: \"https://{address}\"{authority}{more}");
        let contexts = folder.contexts(&kubeconfig(&server, "    token: secret"), KubeconfigOptions::default());
        contexts.connect("here").await.unwrap().pod(&key()).await
    };
    connect(&certified.cert.pem(), "").await.expect("its own certificate is trusted");
    connect(&certified.cert.pem(), ", tls-server-name: api.test").await.expect("another name of it is checked");
    connect("", ", insecure-skip-tls-verify: true").await.expect("nothing is checked, whatever roots this machine has");
    let problem = connect(&other.cert.pem(), "").await.unwrap_err();
    assert!(problem.hint.contains("certificate"), "{problem}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_its_cause() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let folder = Folder::new();
    let contexts = folder.contexts(
        &kubeconfig(&format!("server: \"https://{address}\", insecure-skip-tls-verify: true"), "    token: t"),
        KubeconfigOptions::default(),
    );
    let problem = contexts.connect("here").await.unwrap().pod(&key()).await.unwrap_err();
    assert!(problem.why.contains("refused") && problem.hint.contains("nothing listens"), "{problem}");
    assert!(!problem.why.contains("ServiceError"), "{problem}");
}

#[tokio::test]
async fn a_proxy_is_asked_with_its_password_and_the_token_goes_only_through_it() {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    let (address, seen) = server(&["secret"]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let proxying = tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let mut client = BufReader::new(client);
        let mut asked = String::new();
        while !asked.ends_with("\r\n\r\n") {
            client.read_line(&mut asked).await.unwrap();
        }
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let mut server = tokio::net::TcpStream::connect(address).await.unwrap();
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        asked
    });
    let folder = Folder::new();
    let server = format!("server: \"http://api.test:6443\", proxy-url: \"http://me:pa%40ss@{proxy}\"");
    let contexts = folder.contexts(&kubeconfig(&server, "    token: secret"), KubeconfigOptions::default());
    contexts.connect("here").await.unwrap().pod(&key()).await.unwrap();
    let asked = proxying.await.unwrap();
    assert!(asked.starts_with("CONNECT api.test:6443 HTTP/1.1"), "{asked}");
    assert!(asked.to_lowercase().contains("proxy-authorization: basic bwu6cgfac3m="), "{asked}");
    assert!(!asked.contains("secret"));
    assert_eq!(seen.lock().unwrap().len(), 1);
}
