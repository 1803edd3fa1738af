package io.ecsclusterkit.hazelcast;

import com.hazelcast.cluster.Address;
import com.hazelcast.logging.AbstractLogger;
import com.hazelcast.logging.ILogger;
import com.hazelcast.logging.LogEvent;
import com.hazelcast.spi.discovery.DiscoveryNode;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** A strategy on a {@link FakeCloud} with time of its own and an open ear for what it logs. */
final class Rig implements AutoCloseable {

    static final String REGION = "lab-north-1";
    /** The address of "this server" in most tests: one the machine really has. */
    static final String HERE = "127.0.0.1";

    final FakeCloud cloud = new FakeCloud();
    final ManualTime time = new ManualTime();
    final List<String> log = Collections.synchronizedList(new ArrayList<>());
    final Map<String, String> properties = new TreeMap<>();
    private final List<EcsDiscoveryStrategy> made = new ArrayList<>();

    Rig() {
        set("port", "5701", "endpoint-ecs", cloud.url() + "/{region}", "endpoint-iam", cloud.url() + "/{region}/",
                "endpoint-metadata", cloud.url());
    }

    /** A server that is this machine, and the host whose metadata service answers. */
    FakeServer here() {
        cloud.host = cloud.add(REGION, FakeServer.at(HERE));
        return cloud.host;
    }

    Rig set(String... pairs) {
        for (int i = 0; i < pairs.length; i += 2) {
            properties.put(pairs[i], pairs[i + 1]);
        }
        return this;
    }

    Rig keys() {
        return set("access-key", FakeCloud.ACCESS_KEY, "secret-key", FakeCloud.SECRET_KEY, "region", REGION,
                "project-id", FakeCloud.project(REGION));
    }

    Rig login() {
        return set("iam-domain", "domain1", "iam-user", "user1", "iam-password", FakeCloud.PASSWORD, "region", REGION,
                "project-id", FakeCloud.project(REGION));
    }

    Rig metadata() {
        return set("instance-metadata-available", "true");
    }

    Rig agency() {
        cloud.agency = true;
        return metadata();
    }

    EcsDiscoveryStrategy strategy() {
        return strategy(5701);
    }

    EcsDiscoveryStrategy strategy(int port) {
        return strategy(address(port));
    }

    /** The strategy of a client, which is no server of the list. */
    EcsDiscoveryStrategy client() {
        return strategy(null);
    }

    static Address address(int port) {
        return new Address(new InetSocketAddress(HERE, port));
    }

    private EcsDiscoveryStrategy strategy(Address member) {
        EcsDiscoveryStrategy strategy = new EcsDiscoveryStrategy(member, new Ear(), EcsConfig.of(properties), time);
        made.add(strategy);
        return strategy;
    }

    ILogger logger() {
        return new Ear();
    }

    static List<String> nodes(EcsDiscoveryStrategy strategy) {
        return StreamSupport.stream(strategy.discoverNodes().spliterator(), false).map(DiscoveryNode::getPrivateAddress)
                .map(address -> address.getHost() + ":" + address.getPort()).collect(Collectors.toList());
    }

    long logged(Level level, String words) {
        synchronized (log) {
            return log.stream().filter(line -> line.startsWith(level + " ") && line.contains(words)).count();
        }
    }

    @Override
    public void close() {
        made.forEach(EcsDiscoveryStrategy::destroy);
        cloud.close();
    }

    private final class Ear extends AbstractLogger {

        @Override
        public void log(Level level, String message) {
            log.add(level + " " + message);
        }

        @Override
        public void log(Level level, String message, Throwable thrown) {
            log.add(level + " " + message + " " + thrown);
        }

        @Override
        @SuppressWarnings("deprecation")
        public void log(LogEvent event) {
            log.add(event.getLogRecord().getLevel() + " " + event.getLogRecord().getMessage());
        }

        @Override
        public Level getLevel() {
            return Level.FINEST;
        }

        @Override
        public boolean isLoggable(Level level) {
            return true;
        }
    }
}
