package io.ecsclusterkit.hazelcast;

import java.io.IOException;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;

/** The JVM's proxy settings for the cloud's API, but none for the metadata service: a proxy would answer for itself. */
final class Proxies extends ProxySelector {

    private final String direct;

    /** @param direct the host that is never asked through a proxy */
    Proxies(String direct) {
        this.direct = direct;
    }

    @Override
    public List<Proxy> select(URI uri) {
        ProxySelector usual = ProxySelector.getDefault();
        return usual == null || direct.equals(uri.getHost()) ? List.of(Proxy.NO_PROXY) : usual.select(uri);
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException e) {
        // The request itself says so.
    }
}
