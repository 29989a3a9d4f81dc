use std::time::Duration;

use super::*;

/// A server that sends back what it gets.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    TaskTracker::new().spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut read, mut write) = stream.split();
            tokio::io::copy(&mut read, &mut write).await.ok();
        }
    });
    address
}

async fn ask(stream: &mut TcpStream) -> std::io::Result<[u8; 2]> {
    stream.write_all(b"hi").await?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn it_passes_on_stalls_cuts_and_restores() {
    let proxy = Proxy::start(echo().await).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut stream).await.unwrap(), *b"hi");

    proxy.set(Flow::Stalled);
    let answer = tokio::time::timeout(Duration::from_millis(200), ask(&mut stream)).await;
    assert!(answer.is_err(), "a stalled proxy passes nothing on");
    proxy.set(Flow::Open);
    let mut late = [0; 2];
    stream.read_exact(&mut late).await.unwrap();
    assert_eq!(late, *b"hi", "what was held back comes when the flow is restored");

    proxy.set(Flow::Cut);
    assert!(ask(&mut stream).await.is_err(), "a cut connection is closed");
    let mut refused = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(ask(&mut refused).await.is_err(), "and so is a new one");

    proxy.set(Flow::Open);
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(ask(&mut stream).await.unwrap(), *b"hi");
}
