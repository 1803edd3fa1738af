package io.ecsclusterkit.hazelcast;

import com.hazelcast.cluster.Address;
import com.hazelcast.logging.ILogger;
import com.hazelcast.spi.discovery.AbstractDiscoveryStrategy;
import com.hazelcast.spi.discovery.DiscoveryNode;
import com.hazelcast.spi.discovery.SimpleDiscoveryNode;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What no strategy can be faster than: the answer is in the configuration. */
public final class FixedListStrategy extends AbstractDiscoveryStrategy {

    private final List<DiscoveryNode> nodes = new ArrayList<>();

    @SuppressWarnings("rawtypes")
    FixedListStrategy(ILogger logger, Map<String, Comparable> properties) {
        super(logger, properties);
        for (String member : getOrNull(FixedListStrategyFactory.MEMBERS).toString().split(",")) {
            String[] hostAndPort = member.split(":");
            nodes.add(new SimpleDiscoveryNode(new Address(new InetSocketAddress(hostAndPort[0], Integer.parseInt(hostAndPort[1])))));
        }
    }

    @Override
    public Iterable<DiscoveryNode> discoverNodes() {
        return nodes;
    }
}
