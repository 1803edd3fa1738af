package io.ecsclusterkit.hazelcast;

import com.hazelcast.config.Config;
import com.hazelcast.config.DiscoveryStrategyConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.PartitionGroupConfig.MemberGroupType;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** Real Hazelcast members on three free ports of this machine, which find each other through the strategy. */
final class Members implements AutoCloseable {

    static final String CLUSTER = "real";

    final Rig rig = new Rig();
    final int firstPort = freePorts();

    String ports() {
        return firstPort + "-" + (firstPort + 2);
    }

    Config config(int port) {
        Config config = new Config();
        config.setClusterName(CLUSTER);
        config.setProperty("hazelcast.discovery.enabled", "true");
        config.setProperty("hazelcast.wait.seconds.before.join", "1");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.shutdownhook.enabled", "false");
        config.setProperty("hazelcast.local.localAddress", Rig.HERE);
        config.getJetConfig().setEnabled(false);
        config.getPartitionGroupConfig().setEnabled(true).setGroupType(MemberGroupType.ZONE_AWARE);
        config.getNetworkConfig().setPort(port).setPortAutoIncrement(false);
        JoinConfig join = config.getNetworkConfig().getJoin();
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(false).setConnectionTimeoutSeconds(1);
        join.getAutoDetectionConfig().setEnabled(false);
        join.getDiscoveryConfig().addDiscoveryStrategyConfig(strategy());
        return config;
    }

    DiscoveryStrategyConfig strategy() {
        DiscoveryStrategyConfig strategy = new DiscoveryStrategyConfig(EcsDiscoveryStrategy.class.getName());
        rig.properties.forEach(strategy::addProperty);
        return strategy;
    }

    /** Starts all of them at the same instant. */
    static List<HazelcastInstance> start(List<Config> configs) {
        List<CompletableFuture<HazelcastInstance>> starting = new ArrayList<>();
        configs.forEach(config -> starting.add(CompletableFuture.supplyAsync(() -> Hazelcast.newHazelcastInstance(config))));
        return starting.stream().map(CompletableFuture::join).collect(Collectors.toList());
    }

    @Override
    public void close() {
        Hazelcast.shutdownAll();
        rig.close();
    }

    private static int freePorts() {
        for (int port = 15701; port < 25000; port += 10) {
            try (ServerSocket a = new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
                    ServerSocket b = new ServerSocket(port + 1, 1, InetAddress.getLoopbackAddress());
                    ServerSocket c = new ServerSocket(port + 2, 1, InetAddress.getLoopbackAddress())) {
                return Math.min(a.getLocalPort(), Math.min(b.getLocalPort(), c.getLocalPort()));
            } catch (IOException e) {
                continue;
            }
        }
        throw new IllegalStateException("no free ports");
    }
}
